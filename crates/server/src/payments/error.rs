//! What can go wrong with a payment.

use domain::money::Money;
use store::StoreError;

/// Why a payment did not come about, or is not believed.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The amount is not one that can be bought.
    #[error("credits are bought in whole cents, from ${min} to ${max}")]
    Amount {
        /// The least.
        min: Money,
        /// The most.
        max: Money,
    },
    /// It does not come from the processor.
    #[error("the notice is not signed as it should be")]
    Forged,
    /// There is no such payment.
    #[error("there is no such payment")]
    Unknown,
    /// The processor says something else than was ordered.
    #[error("the processor's {0} is not what was ordered")]
    Contradiction(&'static str),
    /// The processor refused.
    #[error("the payment processor refused the {0}")]
    Refused(&'static str),
    /// The processor does not answer. Asking again later may help.
    #[error("the payment processor cannot be reached: {0}")]
    Unreachable(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
