//! The life of a stealth model: terms, use, feedback, report, reveal.

mod feedback;
