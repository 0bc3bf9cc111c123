//! What can go wrong, told along the three lines on which the house acts.
//!
//! `kind` decides the status and the words on the wire, `fault` who is alarmed and whose health is
//! marked down, `retry` what is tried next. A new cause seldom needs a new kind.

use serde::Serialize;
use serde_json::Value;

use crate::limit::Reached;

/// A failure of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?} ({fault:?}): {detail}")]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// Whose doing it was.
    pub fault: Fault,
    /// What may be tried next.
    pub retry: Retry,
    /// One sentence for the caller. Never a secret, and never the text of an upstream that failed.
    pub detail: String,
    /// The field of the request that is at fault, as `messages[0].role`.
    pub param: Option<String>,
    /// The code by which a provider names the failure: a short word, already checked to be one.
    pub provider_code: Option<String>,
    /// The earliest moment at which trying again makes sense, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// Why nothing could serve the request, where that is the failure.
    pub availability: Option<Box<Availability>>,
    /// The limit that was reached, where that is the failure.
    pub limit: Option<Box<Reached>>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The request makes no sense.
    InvalidRequest,
    /// The prompt is longer than the model reads.
    ContextTooLong,
    /// A provider's rules forbid the content.
    ContentPolicy,
    /// No valid key.
    Authentication,
    /// No money left.
    PaymentRequired,
    /// A valid key that may not do this.
    PermissionDenied,
    /// Nothing of that name, or nothing left that may serve the request.
    NotFound,
    /// Nothing that is asked for in this way.
    MethodNotAllowed,
    /// The request contradicts what exists.
    Conflict,
    /// The body is larger than is read.
    PayloadTooLarge,
    /// Too many requests, here or at every provider.
    RateLimited,
    /// The house failed.
    Internal,
    /// A provider failed, or answered nonsense.
    ProviderUnavailable,
    /// A provider has no capacity.
    ProviderOverloaded,
    /// Nothing came in time.
    Timeout,
}

/// Whose doing a failure was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller's; no endpoint is blamed.
    Caller,
    /// The provider's.
    Upstream,
    /// Our credential's at the provider: the operator is told, the caller is not blamed.
    Credential,
    /// Ours.
    House,
}

/// What may be tried next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing.
    Never,
    /// Another endpoint.
    NextEndpoint,
    /// Another model, where the caller listed one.
    NextModel,
}

/// Why nothing could serve a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Availability {
    /// The stable word for it.
    pub code: AvailabilityCode,
    /// Whether the same request may work later.
    pub retryable: bool,
    /// Seconds to wait before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What was asked for.
    pub requested_models: Vec<String>,
    /// The providers that were left out or failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub affected_providers: Vec<String>,
    /// The rules that left them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_by: Vec<&'static str>,
    /// Models that are near what was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallback_models: Vec<String>,
    /// The one constraint that would have to give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Constraint>,
    /// What stood in the way of each endpoint; a long list is cut.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Rejected>,
    /// The smallest change of the request that would admit one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub smallest_change: Vec<Change>,
    /// Terms that the caller would have to accept. They are told beside, in every dialect.
    #[serde(skip)]
    pub terms: Vec<TermsAsked>,
}

/// Terms of a stealth model that have to be accepted before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsAsked {
    /// The model.
    pub model: String,
    /// The text.
    pub terms: String,
    /// Its hash, by which it is accepted.
    pub terms_hash: String,
}

/// An endpoint that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Its id.
    pub endpoint: String,
    /// The rules that left it out.
    pub excluded_by: Vec<&'static str>,
}

/// A change of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The field, as `provider.max_price.prompt`.
    pub field: String,
    /// What it has to be; null where it has to be left out.
    pub to: Value,
}

/// A constraint that left nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Constraint {
    /// Where it stands in the request.
    pub field: String,
    /// What would satisfy it.
    pub detail: String,
}

/// The stable words for why nothing could serve a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AvailabilityCode {
    /// No model of that name.
    ModelNotFound,
    /// The model answers another kind of request.
    WrongEndpoint,
    /// Nobody offers it here.
    #[default]
    NoEndpoints,
    /// Every offer of it is ending.
    ModelDeprecated,
    /// Every provider says that it has no such model.
    ModelUnavailableUpstream,
    /// Every provider is out of capacity.
    CapacityExhausted,
    /// Every provider failed.
    TemporarilyUnavailable,
    /// What the request says about data left nobody.
    PrivacyRestricted,
    /// What else the request says left nobody.
    ConstraintFiltered,
    /// Nobody serves it for nothing any more.
    FreeVariantEnded,
    /// Its terms have not been accepted.
    TermsNotAccepted,
}

impl FailureKind {
    /// Every kind, by its status.
    pub const ALL: [FailureKind; 15] = [
        FailureKind::InvalidRequest,
        FailureKind::ContextTooLong,
        FailureKind::ContentPolicy,
        FailureKind::Authentication,
        FailureKind::PaymentRequired,
        FailureKind::PermissionDenied,
        FailureKind::NotFound,
        FailureKind::MethodNotAllowed,
        FailureKind::Conflict,
        FailureKind::PayloadTooLarge,
        FailureKind::RateLimited,
        FailureKind::Internal,
        FailureKind::ProviderUnavailable,
        FailureKind::ProviderOverloaded,
        FailureKind::Timeout,
    ];

    /// The one table from kind to wire: HTTP status, and OpenRouter's word for the error's type.
    pub const fn wire(self) -> (u16, &'static str) {
        match self {
            FailureKind::InvalidRequest => (400, "invalid_request"),
            FailureKind::ContextTooLong => (400, "context_length_exceeded"),
            FailureKind::ContentPolicy => (400, "content_policy_violation"),
            FailureKind::Authentication => (401, "authentication"),
            FailureKind::PaymentRequired => (402, "payment_required"),
            FailureKind::PermissionDenied => (403, "permission_denied"),
            FailureKind::NotFound => (404, "not_found"),
            FailureKind::MethodNotAllowed => (405, "method_not_allowed"),
            FailureKind::Conflict => (409, "conflict"),
            FailureKind::PayloadTooLarge => (413, "payload_too_large"),
            FailureKind::RateLimited => (429, "rate_limit_exceeded"),
            FailureKind::Internal => (500, "server"),
            FailureKind::ProviderUnavailable => (502, "provider_unavailable"),
            FailureKind::ProviderOverloaded => (503, "provider_overloaded"),
            FailureKind::Timeout => (504, "timeout"),
        }
    }
}

impl Failure {
    /// Returns the failure of a request that makes no sense.
    pub fn invalid(detail: impl Into<String>) -> Failure {
        Failure::caller(FailureKind::InvalidRequest, detail)
    }

    /// Returns a failure that is the caller's, and that nothing else would serve better.
    pub fn caller(kind: FailureKind, detail: impl Into<String>) -> Failure {
        Failure::new(kind, Fault::Caller, Retry::Never, detail)
    }

    /// Returns the failure of a request that has reached a limit.
    pub fn limited(reached: Reached) -> Failure {
        let failure = Failure::caller(FailureKind::RateLimited, reached.detail());
        let retry_after_ms = reached.refused.retry_after_ms;
        Failure { retry_after_ms, limit: Some(Box::new(reached)), ..failure }
    }

    /// Returns a failure that is a provider's; another endpoint may do better.
    pub fn upstream(kind: FailureKind, detail: impl Into<String>) -> Failure {
        Failure::new(kind, Fault::Upstream, Retry::NextEndpoint, detail)
    }

    /// Returns a failure that is ours.
    pub fn house(detail: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Internal, Fault::House, Retry::Never, detail)
    }

    /// Returns a failure of these three, and nothing else said.
    pub fn new(
        kind: FailureKind,
        fault: Fault,
        retry: Retry,
        detail: impl Into<String>,
    ) -> Failure {
        Failure {
            kind,
            fault,
            retry,
            detail: detail.into(),
            param: None,
            provider_code: None,
            retry_after_ms: None,
            availability: None,
            limit: None,
        }
    }

    /// Returns the same failure, blamed on a field of the request.
    pub fn at(self, param: impl Into<String>) -> Failure {
        Failure { param: Some(param.into()), ..self }
    }

    /// Returns the same failure with the reason why nothing could serve the request.
    pub fn because(self, availability: Availability) -> Failure {
        Failure { availability: Some(Box::new(availability)), ..self }
    }

    /// Returns the HTTP status that tells it.
    pub const fn status(&self) -> u16 {
        self.kind.wire().0
    }
}
