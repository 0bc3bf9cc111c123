//! Endpoints that were looked at, and those that are tried.

use super::bond::Stay;
use super::filter::Obstacles;
use crate::catalog::EndpointIx;
use crate::health::EndpointHealth;
use crate::money::Money;

/// The most endpoints that one request tries.
pub const ATTEMPTS_MAX: usize = 5;

/// The endpoints to try, in order. There is at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is tried, and in what order.
    pub candidates: Vec<Candidate>,
    /// Every endpoint that was looked at, model by model, and what stood in its way.
    pub considered: Vec<Considered>,
    /// What became of the conversation's bond, where it had one.
    pub stay: Option<Stay>,
}

/// An endpoint that may serve a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The endpoint.
    pub endpoint: EndpointIx,
    /// What the request would probably cost there: what candidates are compared by.
    pub expected_cost: Money,
    /// What tells the credential apart under which the conversation's cache is, where it stays.
    pub credential: Option<u64>,
}

/// An endpoint that was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Considered {
    /// The endpoint.
    pub endpoint: EndpointIx,
    /// Which of the models that were asked for it offers.
    pub model: u16,
    /// What leaves it out.
    pub obstacles: Obstacles,
    /// What the request would probably cost there; zero where the price is not known, which leaves
    /// it out.
    pub expected_cost: Money,
    /// How it fared.
    pub health: EndpointHealth,
}
