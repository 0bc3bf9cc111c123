//! The desk: what one instance may spend, what it has promised, and what it has yet to settle.
//!
//! Nothing here waits, reads a clock or touches a disk. The shell holds it under a lock, writes
//! what the journal has, carries messages to the books and back, and says when something is
//! durable. So every request's admission is a subtraction here, and a crash at any instant loses
//! nothing that anybody saw.

mod admit;
mod borne;
mod insurance;
mod lease;
mod purses;
mod recover;
mod ship;
mod state;

pub use admit::{Ask, Short};
pub use insurance::Inquiry;
pub use state::{Desk, Figures, Setting};
