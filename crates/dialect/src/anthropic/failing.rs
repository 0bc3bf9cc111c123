//! What is no answer: errors as the dialect words them, and bodies that turn out to be one.

use domain::failure::{Failure, FailureKind};
use serde_json::{Value, json};

use crate::{envelope, error};

/// Reads the body of a whole message.
///
/// # Errors
/// When it is none: an error, or nonsense.
pub(super) fn message(body: &[u8]) -> Result<Value, Failure> {
    let body: Value =
        serde_json::from_slice(body.trim_ascii()).map_err(|_| error::nonsense("cannot be read"))?;
    if body["type"] == "error" || body.get("error").is_some_and(|error| !error.is_null()) {
        return Err(error::inside(&body));
    }
    match body["content"].is_array() {
        true => Ok(body),
        false if error::is_one(&body) => Err(error::inside(&body)),
        false => Err(error::nonsense("holds no content")),
    }
}

/// Returns an error as the dialect words it.
pub(super) fn error_body(failure: &Failure) -> Value {
    let word = match failure.kind {
        FailureKind::Authentication => "authentication_error",
        FailureKind::PaymentRequired => "billing_error",
        FailureKind::PermissionDenied => "permission_error",
        FailureKind::NotFound => "not_found_error",
        FailureKind::PayloadTooLarge => "request_too_large",
        FailureKind::RateLimited => "rate_limit_error",
        FailureKind::ProviderOverloaded => "overloaded_error",
        FailureKind::Timeout => "timeout_error",
        FailureKind::Internal | FailureKind::ProviderUnavailable => "api_error",
        _ => "invalid_request_error",
    };
    let error = envelope::error(failure, envelope::DOCS);
    json!({"type": "error", "error": {"type": word, "message": error["message"]}})
}
