//! What a failure says about the endpoint where it happened.

use crate::failure::{Failure, FailureKind, Fault};

/// What a failure says about the endpoint where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Nothing: it was the caller's doing, or ours.
    None,
    /// It is down.
    Hard {
        /// For how long it asks to be left alone.
        retry_after_ms: Option<u64>,
    },
    /// It has had too many requests of this credential.
    Limited {
        /// For how long it asks to be left alone.
        retry_after_ms: Option<u64>,
    },
    /// It refuses our credential.
    Credential {
        /// For all that the provider offers, and not for this model alone.
        everywhere: bool,
    },
    /// It no longer knows the model.
    Gone,
}

/// Whose request failed: what tells one caller's bad request from a provider that is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// A hash of the account.
    pub caller: u64,
    /// A hash of the request.
    pub request: u64,
}

impl Blame {
    /// Reads a failure, and the status that the endpoint answered, if any.
    pub fn of(failure: &Failure, status: Option<u16>) -> Blame {
        let retry_after_ms = failure.retry_after_ms;
        match (failure.fault, failure.kind) {
            (Fault::Caller | Fault::House, _) => Blame::None,
            (Fault::Credential, _) => {
                // 403 is what a credential gets that may not use this model.
                Blame::Credential { everywhere: status != Some(403) }
            }
            (Fault::Upstream, FailureKind::RateLimited) => Blame::Limited { retry_after_ms },
            (Fault::Upstream, _) if status == Some(404) => Blame::Gone,
            (Fault::Upstream, _) => Blame::Hard { retry_after_ms },
        }
    }

    /// Returns whether it counts against the endpoint's uptime (OpenRouter leaves out what callers
    /// got wrong and what was too much).
    pub const fn lowers_uptime(self) -> bool {
        matches!(self, Blame::Hard { .. } | Blame::Credential { .. } | Blame::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Retry;

    #[test]
    fn a_callers_fault_is_nobody_elses() {
        let refused = Failure::invalid("no");
        assert_eq!(Blame::of(&refused, Some(400)), Blame::None);
        let down = Failure::upstream(FailureKind::ProviderUnavailable, "down");
        assert_eq!(Blame::of(&down, Some(500)), Blame::Hard { retry_after_ms: None });
        assert_eq!(Blame::of(&down, Some(404)), Blame::Gone);
        let busy = Failure {
            retry_after_ms: Some(7),
            ..Failure::upstream(FailureKind::RateLimited, "busy")
        };
        assert_eq!(Blame::of(&busy, Some(429)), Blame::Limited { retry_after_ms: Some(7) });
        let kind = FailureKind::ProviderUnavailable;
        let key = Failure::new(kind, Fault::Credential, Retry::NextEndpoint, "key");
        assert_eq!(Blame::of(&key, Some(401)), Blame::Credential { everywhere: true });
    }
}
