//! How endpoints fare: what planning may know of it.

mod view;

pub use view::{EndpointHealth, Gate, Load, Percentiles};
