//! Errors of hosts, in all the shapes that they come in, read as failures.

use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Map, Value};

/// What a host says of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    message: String,
    /// Short words: the code, the type.
    codes: Vec<String>,
    /// A status inside the body.
    status: Option<u16>,
    param: Option<String>,
    /// How long it asks to be left alone, in milliseconds.
    retry_after_ms: Option<u64>,
}

/// Characters of a host's message that are shown, at most.
const MESSAGE_MAX: usize = 300;
/// Characters of a code, at most.
const CODE_MAX: usize = 64;
/// Words of this length that mix letters and digits are taken for secrets.
const SECRET_MIN: usize = 32;

/// Reads an error: the status and the body that came with it.
pub(crate) fn decode(status: u16, body: &[u8]) -> Failure {
    let value = serde_json::from_slice(body).unwrap_or(Value::Null);
    failure(status, &said(&value))
}

/// Reads an error that came inside a stream or a body with status 200.
pub(crate) fn inside(value: &Value) -> Failure {
    let said = said(value);
    let status = said.status.unwrap_or(0);
    failure(status, &said)
}

/// Returns whether a body that is no answer says why.
pub(crate) fn is_one(value: &Value) -> bool {
    // A type alone is the name of an event, unless it names an error.
    let is_code = |code: &String| value["type"] != code.as_str() || code.contains("error");
    let said = said(value);
    !said.message.is_empty() || said.codes.iter().any(is_code)
}

fn said(value: &Value) -> Said {
    match value {
        // Some frame a single error as a list.
        Value::Array(list) => list.first().map(said).unwrap_or_default(),
        Value::String(message) => Said { message: message.clone(), ..Said::default() },
        Value::Object(object) => {
            let nested = ["error", "errors", "detail"].into_iter().find_map(|name| {
                object.get(name).filter(|inner| !inner.is_null() && **inner != Value::Array(vec![]))
            });
            let nested = nested.or_else(|| object.get("message").filter(|it| it.is_object()));
            let mut said = nested.map(said).unwrap_or_default();
            let text = |names: &[&str]| {
                names.iter().find_map(|name| object.get(*name)?.as_str()).map(str::to_owned)
            };
            if said.message.is_empty() {
                said.message = text(&["message", "msg", "Message"]).unwrap_or_default();
            }
            said.codes.extend(text(&["code"]));
            said.codes.extend(text(&["type"]).filter(|it| it != "error"));
            said.codes.extend(text(&["status"]));
            said.codes.extend(text(&["__type"]).map(|it| after_hash(&it).to_owned()));
            let number = ["code", "status", "status_code"]
                .into_iter()
                .find_map(|name| object.get(name).and_then(status_of));
            said.status = said.status.or(number);
            said.param = said.param.or_else(|| text(&["param"]));
            said.retry_after_ms = said.retry_after_ms.or_else(|| retry_delay(object));
            said
        }
        _ => Said::default(),
    }
}

/// Reads how long Google asks to be left alone: a detail of the type `RetryInfo`, in seconds.
fn retry_delay(object: &Map<String, Value>) -> Option<u64> {
    let details = object.get("details")?.as_array()?;
    let seconds =
        details.iter().find_map(|it| it.get("retryDelay")?.as_str()?.strip_suffix('s'))?;
    let seconds: f64 = seconds.parse().ok()?;
    (seconds.is_finite() && 0.0 <= seconds).then_some((seconds * 1000.0) as u64)
}

/// Returns the name of an error that may stand behind its namespace, as AWS writes them.
fn after_hash(name: &str) -> &str {
    name.rsplit('#').next().unwrap_or(name)
}

fn status_of(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|status| (400..=599).contains(status))
}

fn failure(status: u16, said: &Said) -> Failure {
    let told = classify(status, said);
    let (kind, fault, retry) = told;
    let detail = match fault {
        Fault::Caller => caller_detail(kind, said),
        Fault::Upstream | Fault::Credential | Fault::House => provider_detail(kind).to_owned(),
    };
    let param = said.param.as_deref().filter(|_| fault == Fault::Caller).and_then(code_word);
    Failure {
        param,
        retry_after_ms: said.retry_after_ms,
        provider_code: said.codes.iter().find_map(|code| code_word(code)),
        ..Failure::new(kind, fault, retry, detail)
    }
}

/// The one table from what a host says to what the house does.
fn classify(status: u16, said: &Said) -> (FailureKind, Fault, Retry) {
    use FailureKind::{
        ContentPolicy, ContextTooLong, InvalidRequest, PayloadTooLarge, ProviderOverloaded,
        ProviderUnavailable, RateLimited,
    };
    let next = Retry::NextEndpoint;
    let is_refusal = matches!(status, 0 | 400..=499);
    if is_refusal && said.is_about(&CREDENTIAL) {
        return (ProviderUnavailable, Fault::Credential, next);
    }
    if is_refusal && said.is_about(&CONTEXT) {
        return (ContextTooLong, Fault::Caller, Retry::NextModel);
    }
    if is_refusal && status != 429 && said.is_about(&MODERATION) {
        return (ContentPolicy, Fault::Caller, Retry::NextModel);
    }
    if is_refusal && said.is_about(&NO_MODEL) {
        return (ProviderUnavailable, Fault::Upstream, next);
    }
    match status {
        401..=403 => (ProviderUnavailable, Fault::Credential, next),
        429 => (RateLimited, Fault::Upstream, next),
        408 | 425 | 498 | 503 | 529 => (ProviderOverloaded, Fault::Upstream, next),
        400 | 413 | 422 if said.is_about(&UNSUPPORTED) => (InvalidRequest, Fault::Caller, next),
        413 => (PayloadTooLarge, Fault::Caller, Retry::Never),
        400 | 422 => (InvalidRequest, Fault::Caller, Retry::Never),
        _ if said.is_about(&LIMITED) => (RateLimited, Fault::Upstream, next),
        _ if said.is_about(&OVERLOADED) => (ProviderOverloaded, Fault::Upstream, next),
        0 if said.is_about(&INVALID) => (InvalidRequest, Fault::Caller, Retry::Never),
        _ => (ProviderUnavailable, Fault::Upstream, next),
    }
}

/// Words by which a kind of error is known.
struct Signs {
    /// Codes and types, whole.
    codes: &'static [&'static str],
    /// Parts of the message, in small letters.
    phrases: &'static [&'static str],
}

const CREDENTIAL: Signs = Signs {
    codes: &[
        "insufficient_quota",
        "billing_error",
        "billing_not_active",
        "billing_hard_limit_reached",
        "invalid_api_key",
        "account_deactivated",
        "api_key_invalid",
        "authentication_error",
        "permission_error",
        "permission_denied",
        "insufficient_balance",
        "insufficient_credits",
        "unauthenticated",
    ],
    phrases: &[
        "incorrect api key",
        "invalid api key",
        "api key not valid",
        "insufficient balance",
        "credit balance is too low",
        "insufficient credit",
        "exceeded your current quota",
    ],
};

const CONTEXT: Signs = Signs {
    codes: &["context_length_exceeded", "context_window_exceeded", "string_above_max_length"],
    phrases: &[
        "maximum context length",
        "prompt is too long",
        "context length exceeded",
        "context window",
        "exceeds the maximum number of tokens",
        "input is too long",
        "maximum prompt length",
        "input length exceeds",
        "too many tokens in the prompt",
    ],
};

const MODERATION: Signs = Signs {
    codes: &[
        "content_filter",
        "content_policy_violation",
        "moderation_blocked",
        "responsibleaipolicyviolation",
        "data_inspection_failed",
        "sensitive_words_detected",
    ],
    phrases: &["content management policy", "flagged by moderation", "violates our usage policies"],
};

const NO_MODEL: Signs = Signs {
    codes: &["model_not_found", "deploymentnotfound", "model_not_available", "unknown_model"],
    phrases: &[
        "model not found",
        "no such model",
        "model does not exist",
        "is not a valid model",
        "model identifier is invalid",
    ],
};

const UNSUPPORTED: Signs = Signs {
    codes: &["unsupported_parameter", "unsupported_value", "unsupported_model"],
    phrases: &[
        "does not support",
        "not supported",
        "unsupported parameter",
        "unsupported value",
        "unrecognized request argument",
        "extra inputs are not permitted",
        "is unsupported",
        "on-demand throughput isn",
    ],
};

const LIMITED: Signs = Signs {
    codes: &["rate_limit_exceeded", "rate_limit_error", "too_many_requests", "resource_exhausted"],
    phrases: &["rate limit", "too many requests"],
};

const OVERLOADED: Signs = Signs {
    codes: &[
        "overloaded_error",
        "overloaded",
        "engine_overloaded",
        "server_overloaded",
        "unavailable",
    ],
    phrases: &["overloaded", "no capacity", "out of capacity"],
};

const INVALID: Signs = Signs { codes: &["invalid_request_error", "bad_request"], phrases: &[] };

impl Said {
    fn is_about(&self, signs: &Signs) -> bool {
        let is_sign =
            |code: &String| signs.codes.iter().any(|sign| code.eq_ignore_ascii_case(sign));
        if self.codes.iter().any(is_sign) {
            return true;
        }
        if signs.phrases.is_empty() || self.message.is_empty() {
            return false;
        }
        let message: String =
            self.message.chars().take(4 * MESSAGE_MAX).map(|it| it.to_ascii_lowercase()).collect();
        signs.phrases.iter().any(|phrase| message.contains(phrase))
    }
}

fn caller_detail(kind: FailureKind, said: &Said) -> String {
    let shown = cleaned(&said.message);
    if !shown.is_empty() {
        return shown;
    }
    let plain = match kind {
        FailureKind::ContextTooLong => "The prompt is longer than the model reads.",
        FailureKind::ContentPolicy => "The provider's rules forbid this content.",
        FailureKind::PayloadTooLarge => "The provider says that the request is too large.",
        _ => "The provider says that the request is not valid.",
    };
    plain.to_owned()
}

const fn provider_detail(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::RateLimited => "The provider says that there are too many requests.",
        FailureKind::ProviderOverloaded => "The provider has no capacity.",
        _ => "The provider failed.",
    }
}

/// Returns a host's message as it may be shown: one line, cut, without anything like a key.
fn cleaned(message: &str) -> String {
    let mut shown = String::new();
    let mut after_bearer = false;
    for word in message.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        let hides = after_bearer || is_secret(word);
        shown.push_str(if hides { "[redacted]" } else { word });
        after_bearer =
            word.trim_matches(|it: char| !it.is_alphanumeric()).eq_ignore_ascii_case("bearer");
        if MESSAGE_MAX * 4 < shown.len() {
            break;
        }
    }
    shown.chars().take(MESSAGE_MAX).collect()
}

/// Returns whether a word, or a part of it between signs, looks like a key.
fn is_secret(word: &str) -> bool {
    let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    word.split(|letter: char| !is_of_key(letter)).any(|part| {
        let prefixed = ["sk-", "sk_", "gsk_", "xai-", "hf_", "AIza", "pplx-", "fw_", "key-", "ak-"]
            .iter()
            .any(|prefix| part.starts_with(prefix) && prefix.len() + 4 <= part.len());
        let mixes = part.bytes().any(|it| it.is_ascii_digit())
            && part.bytes().any(|it| it.is_ascii_alphabetic());
        prefixed || (SECRET_MIN <= part.len() && mixes)
    })
}

/// Returns a code if it is a short word, and no key.
fn code_word(code: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
    let fits = !code.is_empty() && code.len() <= CODE_MAX && code.bytes().all(is_plain);
    (fits && !is_secret(code)).then(|| code.to_owned())
}

/// The failure of an answer that is none.
pub(crate) fn nonsense(why: &str) -> Failure {
    Failure::upstream(FailureKind::ProviderUnavailable, format!("The provider's answer {why}."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(status: u16, body: &str) -> (FailureKind, Fault, Retry) {
        let failure = decode(status, body.as_bytes());
        (failure.kind, failure.fault, failure.retry)
    }

    #[test]
    fn every_shape_of_error_is_read() {
        for body in [
            r#"{"error":{"message":"bad stop","type":"invalid_request_error","param":"stop"}}"#,
            r#"{"error":"bad stop"}"#,
            r#"{"detail":"bad stop"}"#,
            r#"{"detail":[{"loc":["body"],"msg":"bad stop","type":"value_error"}]}"#,
            r#"{"message":"bad stop","code":400}"#,
            r#"{"object":"error","message":"bad stop","type":"BadRequestError","code":400}"#,
            r#"{"errors":[{"code":7003,"message":"bad stop"}],"success":false}"#,
            r#"{"code":"1210","msg":"bad stop"}"#,
            r#"[{"error":{"message":"bad stop"}}]"#,
            r#"{"object":"error","message":{"detail":[{"loc":["stop"],"msg":"bad stop"}]}}"#,
            r#"{"Message":"bad stop"}"#,
        ] {
            let failure = decode(400, body.as_bytes());
            assert_eq!(failure.kind, FailureKind::InvalidRequest, "{body}");
            assert_eq!((failure.fault, failure.retry), (Fault::Caller, Retry::Never), "{body}");
            assert_eq!(failure.detail, "bad stop", "{body}");
        }
    }

    #[test]
    fn the_class_decides_what_is_tried_next() {
        use FailureKind as Kind;
        let code = |code: &str| format!(r#"{{"error":{{"message":"m","code":"{code}"}}}}"#);
        let next = Retry::NextEndpoint;
        for (status, body, expected) in [
            (401, String::new(), (Kind::ProviderUnavailable, Fault::Credential, next)),
            (402, String::new(), (Kind::ProviderUnavailable, Fault::Credential, next)),
            (403, String::new(), (Kind::ProviderUnavailable, Fault::Credential, next)),
            (404, String::new(), (Kind::ProviderUnavailable, Fault::Upstream, next)),
            (408, String::new(), (Kind::ProviderOverloaded, Fault::Upstream, next)),
            (413, String::new(), (Kind::PayloadTooLarge, Fault::Caller, Retry::Never)),
            (429, String::new(), (Kind::RateLimited, Fault::Upstream, next)),
            (429, code("insufficient_quota"), (Kind::ProviderUnavailable, Fault::Credential, next)),
            (500, String::new(), (Kind::ProviderUnavailable, Fault::Upstream, next)),
            (503, String::new(), (Kind::ProviderOverloaded, Fault::Upstream, next)),
            (529, String::new(), (Kind::ProviderOverloaded, Fault::Upstream, next)),
            (
                400,
                code("context_length_exceeded"),
                (Kind::ContextTooLong, Fault::Caller, Retry::NextModel),
            ),
            (400, code("content_filter"), (Kind::ContentPolicy, Fault::Caller, Retry::NextModel)),
            (400, code("unsupported_parameter"), (Kind::InvalidRequest, Fault::Caller, next)),
            (400, code("model_not_found"), (Kind::ProviderUnavailable, Fault::Upstream, next)),
            (302, String::new(), (Kind::ProviderUnavailable, Fault::Upstream, next)),
            (200, "<html>".to_owned(), (Kind::ProviderUnavailable, Fault::Upstream, next)),
        ] {
            assert_eq!(read(status, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn an_error_inside_a_200_is_read_by_its_own_code() {
        let inner = |text: &str| inside(&serde_json::from_str(text).unwrap()).kind;
        assert_eq!(inner(r#"{"error":{"code":429,"message":"slow"}}"#), FailureKind::RateLimited);
        assert_eq!(inner(r#"{"type":"overloaded_error"}"#), FailureKind::ProviderOverloaded);
        assert_eq!(inner(r#""something broke""#), FailureKind::ProviderUnavailable);
    }

    #[test]
    fn keys_in_a_message_are_hidden_and_controls_are_gone() {
        let body = "{\"error\":{\"message\":\"no \\u001b[31m 'sk-abcdef123' or Bearer \
                    q1w2e3 at line\\n2\"}}";
        let failure = decode(400, body.as_bytes());
        assert_eq!(failure.detail, "no [31m [redacted] or Bearer [redacted] at line 2");
    }

    #[test]
    fn what_a_failing_provider_says_is_never_shown() {
        for status in [401, 403, 404, 429, 500, 503] {
            let body = r#"{"error":{"message":"internal host 10.0.0.7"}}"#;
            let failure = decode(status, body.as_bytes());
            assert!(!failure.detail.contains("10.0.0.7"), "{status}");
        }
    }

    #[test]
    fn every_status_with_any_body_is_a_failure() {
        for status in 400..=599 {
            for body in ["", "\0\u{7f}garbage", "<!doctype html><h1>502</h1>", "{", "[]", "null"] {
                let failure = decode(status, body.as_bytes());
                assert!(!failure.detail.is_empty(), "{status} {body}");
                assert!(failure.status() >= 400, "{status} {body}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_message_is_shown_longer_than_its_bound(message: String) {
            let shown = cleaned(&message);
            prop_assert!(shown.chars().count() <= MESSAGE_MAX);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
