//! Planning, told as tables: offers and preferences in, the order or the refusal out.

mod balance;
mod filters;
mod orders;
mod properties;
mod refusals;
mod stage;
