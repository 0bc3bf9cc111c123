//! Buying credits: a checkout at a payment processor, and what comes of it.
//!
//! A notice of the processor is verified, and then believed only so far as to look: what is booked
//! is what the processor says when it is asked. Asking again changes nothing, so notices may come
//! twice, late, in any order or never.

mod desk;
mod error;
mod fee;
mod processor;
mod setup;
mod signature;
mod stripe;

pub use desk::{Desk, Terms};
pub use error::PaymentError;
pub use fee::Fee;
pub use processor::{Checkout, Notice, Order, Processor, Seen};
pub use setup::{keep_looking, open};
pub use signature::{sign, verify};
pub use stripe::Stripe;
