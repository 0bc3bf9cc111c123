//! Who saw an endpoint fail. One caller with one bad request is no proof that a provider is down.

use std::collections::VecDeque;

use super::blame::Cause;
use crate::time::Timestamp;

/// The last failures, and whose requests they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Witnesses(VecDeque<(Timestamp, Cause)>);

/// Failures that are remembered.
const KEPT: usize = 32;
/// Accounts that prove an outage.
const CALLERS_MIN: usize = 2;
/// Different requests of one account that prove one.
const REQUESTS_MIN: usize = 3;

impl Witnesses {
    /// Adds a failure.
    pub(super) fn saw(&mut self, now: Timestamp, cause: Cause) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((now, cause));
    }

    /// Returns whether those since `since` prove an outage: two accounts, or three requests of one.
    pub(super) fn prove(&self, since: Timestamp) -> bool {
        let recent = || self.0.iter().filter(|(at, _)| since <= *at).map(|(_, cause)| cause);
        let distinct = |of: fn(&Cause) -> u64| {
            let mut seen: Vec<u64> = recent().map(of).collect();
            seen.sort_unstable();
            seen.dedup();
            seen.len()
        };
        CALLERS_MIN <= distinct(|cause| cause.caller)
            || REQUESTS_MIN <= distinct(|cause| cause.request)
    }

    /// Removes the failures of a request. Returns when each of them was.
    pub(super) fn take_back(&mut self, request: u64) -> Vec<Timestamp> {
        let mut removed = Vec::new();
        self.0.retain(|(at, cause)| {
            let is_it = cause.request == request;
            if is_it {
                removed.push(*at);
            }
            !is_it
        });
        removed
    }
}
