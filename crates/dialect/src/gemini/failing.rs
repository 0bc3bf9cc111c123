//! Errors as the dialect words them.

use domain::failure::{Failure, FailureKind};
use serde_json::{Value, json};

use crate::envelope;

/// Returns an error as the dialect words it.
pub(super) fn error_body(failure: &Failure) -> Value {
    let word = match failure.kind {
        FailureKind::Authentication => "UNAUTHENTICATED",
        FailureKind::PaymentRequired | FailureKind::RateLimited => "RESOURCE_EXHAUSTED",
        FailureKind::PermissionDenied => "PERMISSION_DENIED",
        FailureKind::NotFound => "NOT_FOUND",
        FailureKind::Conflict => "ABORTED",
        FailureKind::Internal => "INTERNAL",
        FailureKind::ProviderOverloaded | FailureKind::ProviderUnavailable => "UNAVAILABLE",
        FailureKind::Timeout => "DEADLINE_EXCEEDED",
        FailureKind::InvalidRequest
        | FailureKind::ContextTooLong
        | FailureKind::ContentPolicy
        | FailureKind::MethodNotAllowed
        | FailureKind::PayloadTooLarge => "INVALID_ARGUMENT",
    };
    let error = envelope::error(failure, envelope::DOCS);
    json!({"error": {"code": failure.status(), "message": error["message"], "status": word}})
}
