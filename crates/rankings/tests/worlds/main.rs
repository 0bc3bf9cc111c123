//! The rules before simulated worlds whose truth is known, with fixed seeds.

mod gaming;
mod hours;
mod lots;
mod rising;
mod stability;
