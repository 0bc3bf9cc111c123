//! What traffic tells: an event for every generation, without its words; sums of events by minute,
//! hour and day; and the figures that are made from the sums.

pub mod event;
pub mod figures;
pub mod lab;
pub mod made;
pub mod store;
pub mod sums;
