//! The words and the rules of the house.
//!
//! Nothing in here waits, asks a clock, draws a lot or touches the outside world; what it needs of
//! those is passed in. That is what makes it testable in milliseconds, and replayable.

pub mod catalog;
pub mod money;
pub mod price;
pub mod quirk;
pub mod secret;
pub mod time;
pub mod usage;
pub mod window;
