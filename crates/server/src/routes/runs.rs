//! What all requests that run models have in common.

use domain::failure::FailureKind;

use super::objects::preferences::cost;
use crate::reference::{Access, Operation, Schema, text, truth, whole, word};

/// What can become of a request that runs a model.
const FAILURES: [FailureKind; 11] = [
    FailureKind::InvalidRequest,
    FailureKind::ContextTooLong,
    FailureKind::ContentPolicy,
    FailureKind::PaymentRequired,
    FailureKind::PermissionDenied,
    FailureKind::NotFound,
    FailureKind::Conflict,
    FailureKind::RateLimited,
    FailureKind::ProviderUnavailable,
    FailureKind::ProviderOverloaded,
    FailureKind::Timeout,
];

/// Says of an operation that it runs a model: who may, what it hears and tells besides, and what
/// can go wrong.
pub(super) fn runs(operation: Operation) -> Operation {
    counts(operation)
        .fails(&FAILURES)
        .hears(
            "Idempotency-Key",
            named("A name of this request: sent again under it, it is served once."),
        )
        .hears(
            "X-Session-Id",
            named("The conversation; its requests stay where its prompt cache is."),
        )
        .hears("X-Interline-Resume", flag("Whether a stream that breaks goes on elsewhere."))
        .hears("X-Interline-Hedge", flag("Whether a second endpoint is asked beside a slow one."))
        .hears(
            "X-Interline-Accept-Terms",
            named("Hashes of terms that are accepted for this request."),
        )
        .hears(
            "X-OpenRouter-Metadata",
            word("Whether the answer tells how it was routed.", ["enabled"]).maybe(),
        )
        .hears("HTTP-Referer", named("The address of the application that asks."))
        .hears("X-Title", named("Its name."))
        .tells(
            "X-Generation-Id",
            text("The generation, by which `GET /generation` finds its record."),
        )
        .tells(
            "X-Interline-Dropped",
            named("Fields of the request without effect, joined by commas."),
        )
        .tells("X-Interline-Cost", cost())
}

/// Says of an operation that it counts against the limits of rate.
pub(super) fn counts(operation: Operation) -> Operation {
    let measure = |word: &str| whole(word).maybe();
    operation
        .by(Access::Holder)
        .fails(&[FailureKind::RateLimited, FailureKind::ProviderOverloaded])
        .tells("X-RateLimit-Limit-Requests", measure("The most requests of the tightest limit."))
        .tells("X-RateLimit-Remaining-Requests", measure("What is left of them."))
        .tells("X-RateLimit-Limit-Tokens", measure("The most tokens of the tightest limit."))
        .tells("X-RateLimit-Remaining-Tokens", measure("What is left of them."))
}

fn named(said: &str) -> Schema {
    text(said).maybe()
}

fn flag(said: &str) -> Schema {
    truth(said).maybe()
}
