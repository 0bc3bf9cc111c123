//! Planning, told as tables: offers and preferences in, the order or the refusal out.

mod balance;
mod caches;
mod filters;
mod orders;
mod properties;
mod receipts;
mod refusals;
mod terms;
