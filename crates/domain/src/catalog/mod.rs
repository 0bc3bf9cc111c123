//! What can be called: models, providers, and the endpoints that join them.
//!
//! These are the facts after loading: inherited values are filled in, prices are integers, flags
//! are typed. How they are written in files, merged and checked is the crate `catalog`.

mod bare;
mod endpoint;
mod model;
mod place;
mod provider;
mod veil;
mod whole;

pub use bare::Bare;
pub use endpoint::{Billing, Endpoint, EndpointStatus, ReasoningControls, Tier};
pub use model::{Modality, Model, ModelKind, STEALTH, Stealth};
pub use place::{EndpointIx, ModelIx, ProviderIx};
pub use provider::{Auth, DataPolicy, Dialect, Provider, ProviderClass, Training};
pub use veil::{STEALTH_NAME, VEILED_PARAMETERS};
pub use whole::{Behind, Catalog};
