//! Prompts that are too long, shortened.
