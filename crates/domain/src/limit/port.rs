//! What the core asks of whoever keeps count.

use super::level::Standing;
use super::rules::Rules;
use crate::failure::Failure;
use crate::id::AccountId;
use crate::key::ApiKey;
use crate::money::Money;
use crate::waiting::Waiting;

/// What a request will use, as far as can be told before it is sent anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The limits in force.
    pub rules: &'a Rules,
    /// Who asks.
    pub key: &'a ApiKey,
    /// Whose credits pay.
    pub account: &'a AccountId,
    /// Tokens of its prompt and its answer, estimated.
    pub tokens: u64,
    /// What it will cost, estimated.
    pub spend: Money,
    /// It cannot cost anything, wherever it goes.
    pub is_free: bool,
}

/// What a request has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Tokens of its prompt and its answer.
    pub tokens: u64,
    /// What its caller was charged.
    pub spend: Money,
}

/// Keeps count of what requests use.
pub trait Limits: Send + Sync {
    /// Counts a request, and holds what it will use; `None` where nothing limits it. Every limit
    /// allows it, or none is touched. What one request needs of tokens or spend beyond a whole
    /// limit is held as that limit, and settled at what it was.
    ///
    /// # Errors
    /// `RateLimited`, with the limit that was reached.
    fn admit<'a>(
        &'a self,
        asked: Asked<'a>,
    ) -> Waiting<'a, Result<Option<Box<dyn Permit>>, Failure>>;
}

/// A request that was counted. Dropped, it has used nothing but itself.
pub trait Permit: Send + Sync {
    /// Returns how the limits stand that it counts against.
    fn standings(&self) -> &[Standing];

    /// Settles what was held at what was used.
    fn settle(self: Box<Self>, used: Used);
}

/// No limits at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Limits for Unlimited {
    fn admit<'a>(
        &'a self,
        _asked: Asked<'a>,
    ) -> Waiting<'a, Result<Option<Box<dyn Permit>>, Failure>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
