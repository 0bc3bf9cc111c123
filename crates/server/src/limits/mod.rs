//! How much callers may use in what time: counted here, by the arithmetic of `domain::limit`.

mod counter;
mod figures;
mod headers;
mod keeper;
mod paid;
mod settings;

pub use figures::{Figures, Refusals};
pub use headers::{EXPOSED, tell, tell_reached};
pub use keeper::Keeper;
pub use paid::keep_looking;
pub use settings::{FreeLimits, Limits};
