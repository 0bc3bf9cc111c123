//! Failures as OpenRouter's API words them: the object under `error`.

use domain::failure::{Failure, FailureKind, TermsAsked};
use domain::limit::Reached;
use domain::plan::ACCEPT_TERMS;
use serde_json::{Map, Value, json};

/// What a caller is told when the house failed.
const MASKED: &str = "Something went wrong on our side. It has been noted.";

/// The page that explains the codes of availability, on the house's own host.
pub(crate) const DOCS: &str = "/docs/errors";

/// Returns the body of an error response.
///
/// `docs_base`: the page that explains the codes of availability, without an anchor.
pub(crate) fn body(failure: &Failure, docs_base: &str) -> Value {
    json!({ "error": error(failure, docs_base) })
}

/// Returns the object under `error`, as bodies and events carry it.
pub(crate) fn error(failure: &Failure, docs_base: &str) -> Value {
    let (status, error_type) = failure.kind.wire();
    let masked = failure.kind == FailureKind::Internal;
    let mut metadata = Map::from_iter([("error_type".to_owned(), json!(error_type))]);
    if let Some(code) = failure.provider_code.as_deref().filter(|_| !masked) {
        metadata.insert("provider_code".to_owned(), json!(code));
    }
    if let Some(reached) = failure.limit.as_deref() {
        metadata.insert("limit_source".to_owned(), json!(reached.source()));
        metadata.insert("headers".to_owned(), limit_headers(reached));
    }
    let terms = failure.availability.as_deref().map_or(&[][..], |it| it.terms.as_slice());
    if !terms.is_empty() {
        metadata.insert("code".to_owned(), json!("terms_not_accepted"));
        metadata.insert("terms".to_owned(), terms.iter().map(asked_terms).collect());
    }
    let message = if masked { MASKED } else { failure.detail.as_str() };
    let mut error = json!({"code": status, "message": message, "metadata": metadata});
    if let Some(param) = failure.param.as_deref().filter(|_| !masked) {
        error["param"] = json!(param);
    }
    if let Some(availability) = failure.availability.as_deref() {
        let mut shown = serde_json::to_value(availability).unwrap_or_default();
        let code = shown["code"].as_str().unwrap_or_default().to_owned();
        shown["docs_url"] = json!(format!("{docs_base}#{code}"));
        error["error_type"] = json!(error_type);
        error["http_status"] = json!(status);
        error["availability"] = shown;
    }
    error
}

/// Returns terms that are to be accepted, and how.
fn asked_terms(asked: &TermsAsked) -> Value {
    let TermsAsked { model, terms, terms_hash } = asked;
    json!({
        "model": model,
        "terms": terms,
        "terms_hash": terms_hash,
        "accept": {
            "method": "POST",
            "path": format!("/api/v1/models/{model}/terms"),
            "body": { "accept": terms_hash },
        },
        "header": { "name": ACCEPT_TERMS, "value": terms_hash },
    })
}

/// Returns the limit that was reached, as OpenRouter repeats its headers in the body.
fn limit_headers(reached: &Reached) -> Value {
    let standing = reached.refused.standing;
    json!({
        "X-RateLimit-Limit": standing.rate.limit.to_string(),
        "X-RateLimit-Remaining": standing.remaining.to_string(),
        "X-RateLimit-Reset": reached.resets().ms().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use domain::failure::{Availability, AvailabilityCode};

    use super::*;

    #[test]
    fn a_failure_of_the_house_is_masked() {
        let failure = Failure {
            provider_code: Some("secret".to_owned()),
            ..Failure::house("the disk is full").at("model")
        };
        insta::assert_snapshot!(body(&failure, "https://host/errors"), @r#"{"error":{"code":500,"message":"Something went wrong on our side. It has been noted.","metadata":{"error_type":"server"}}}"#);
    }

    #[test]
    fn a_caller_s_failure_names_the_field() {
        let failure = Failure::caller(FailureKind::InvalidRequest, "`n` has to be 1.").at("n");
        insta::assert_snapshot!(body(&failure, "https://host/errors"), @r#"{"error":{"code":400,"message":"`n` has to be 1.","metadata":{"error_type":"invalid_request"},"param":"n"}}"#);
    }

    #[test]
    fn terms_are_told_with_how_to_accept_them() {
        let availability = Availability {
            code: AvailabilityCode::TermsNotAccepted,
            terms: vec![TermsAsked {
                model: "stealth/heron".to_owned(),
                terms: "The lab <keeps> it.".to_owned(),
                terms_hash: "0123456789abcdef".to_owned(),
            }],
            ..Availability::default()
        };
        let failure = Failure::caller(FailureKind::PermissionDenied, "It has terms.");
        let body = body(&failure.because(availability), "https://host/errors");
        assert_eq!(body["error"]["code"], 403);
        assert_eq!(body["error"]["availability"]["code"], "terms_not_accepted");
        insta::assert_snapshot!(body["error"]["metadata"], @r#"{"error_type":"permission_denied","code":"terms_not_accepted","terms":[{"model":"stealth/heron","terms":"The lab <keeps> it.","terms_hash":"0123456789abcdef","accept":{"method":"POST","path":"/api/v1/models/stealth/heron/terms","body":{"accept":"0123456789abcdef"}},"header":{"name":"X-Interline-Accept-Terms","value":"0123456789abcdef"}}]}"#);
    }

    #[test]
    fn availability_says_where_to_read_on() {
        let availability = Availability {
            code: AvailabilityCode::CapacityExhausted,
            retryable: true,
            requested_models: vec!["acme/tiny".to_owned()],
            ..Availability::default()
        };
        let failure =
            Failure::upstream(FailureKind::RateLimited, "No capacity.").because(availability);
        insta::assert_snapshot!(body(&failure, "https://host/errors"), @r#"{"error":{"code":429,"message":"No capacity.","metadata":{"error_type":"rate_limit_exceeded"},"error_type":"rate_limit_exceeded","http_status":429,"availability":{"code":"capacity_exhausted","retryable":true,"requested_models":["acme/tiny"],"docs_url":"https://host/errors#capacity_exhausted"}}}"#);
    }
}
