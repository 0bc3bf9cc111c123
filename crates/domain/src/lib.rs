//! The words and the rules of the house.
//!
//! Nothing in here waits, asks a clock, draws a lot or touches the outside world; what it needs of
//! those is passed in. That is what makes it testable in milliseconds, and replayable.

pub mod answer;
pub mod books;
pub mod catalog;
pub mod chat;
pub mod event;
pub mod failure;
pub mod feedback;
pub mod gate;
pub mod generation;
pub mod health;
pub mod id;
pub mod insurance;
pub mod key;
pub mod launch;
pub mod limit;
pub mod models;
pub mod money;
pub mod nearest;
pub mod operation;
pub mod payment;
pub mod plan;
pub mod port;
pub mod price;
pub mod purse;
pub mod quirk;
pub mod request;
pub mod secret;
pub mod shed;
pub mod time;
pub mod usage;
pub mod waiting;
pub mod window;
