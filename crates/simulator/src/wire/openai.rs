//! What OpenAI's dialects have in common: usage, errors and a few fields of requests.
use crate::answer::{Answer, Finish, Usage};
use crate::ask::Refusal;
use crate::fault::OddUsage;
use crate::script::{Script, UsagePlace};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

/// The counts of an answer.
#[derive(Serialize)]
pub(super) struct UsageBody {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: Count,
    audio_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: Count,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

/// One count, as it is to be reported.
struct Count(u64, Option<OddUsage>);

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    pub(super) include_usage: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Stop {
    One(String),
    Many(Vec<String>),
}

/// As many alternatives as OpenAI gives.
const CHOICES_MAX: u32 = 128;
impl UsageBody {
    pub(super) fn new(usage: Usage, odd: Option<OddUsage>) -> UsageBody {
        let count = |tokens| Count(tokens, odd);
        UsageBody {
            prompt_tokens: count(usage.prompt),
            completion_tokens: count(usage.completion),
            total_tokens: count(usage.prompt + usage.completion),
            prompt_tokens_details: PromptDetails {
                cached_tokens: count(usage.cached),
                audio_tokens: 0,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: count(usage.reasoning),
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Count(tokens, odd) = *self;
        match odd {
            Some(OddUsage::Negative) => to.serialize_i64(-(tokens as i64) - 1),
            Some(OddUsage::Huge) => to.serialize_u64(1_000_000_000_000 + tokens),
            Some(OddUsage::Float) => to.serialize_f64(tokens as f64 + 0.5),
            Some(OddUsage::String) => to.collect_str(&tokens),
            Some(OddUsage::Missing | OddUsage::Decreasing) | None => to.serialize_u64(tokens),
        }
    }
}

/// The usage of a whole answer, unless the script or a fault leaves it out.
pub(super) fn whole_usage(answer: &Answer, script: &Script) -> Option<UsageBody> {
    let told = script.usage != UsagePlace::Never && answer.odd_usage != Some(OddUsage::Missing);
    told.then(|| UsageBody::new(answer.usage, answer.odd_usage))
}

pub(super) fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
    }
}

/// Checks the number of alternatives.
///
/// # Errors
/// 400 for none and for more than OpenAI gives.
pub(super) fn choices(n: Option<u32>) -> Result<u32, Refusal> {
    match n.unwrap_or(1) {
        n @ 1..=CHOICES_MAX => Ok(n),
        _ => Err(refused("n", "Invalid 'n': from 1 to 128.")),
    }
}

pub(super) fn stop_sequences(stop: Option<Stop>) -> Vec<String> {
    match stop {
        None => Vec::new(),
        Some(Stop::One(one)) => vec![one],
        Some(Stop::Many(many)) => many,
    }
}

/// A 400 that names the field it is about.
pub(super) fn refused(param: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { param: Some(param), ..Refusal::new(400, message) }
}

/// Writes an error's body.
pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    let (kind, code) = classify(refusal.status);
    let code = refusal.code.clone().unwrap_or_else(|| json!(code));
    json!({ "error": {
        "message": refusal.message,
        "type": kind,
        "param": refusal.param,
        "code": code,
    }})
    .to_string()
    .into_bytes()
}

/// Writes an error as an event.
pub(super) fn error_event(refusal: &Refusal) -> Vec<u8> {
    let mut event = b"data: ".to_vec();
    event.extend(error(refusal));
    event.extend(b"\n\n");
    event
}

/// The `type` and usual `code` of an error status.
fn classify(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        402 => ("billing_error", Some("insufficient_balance")),
        403 => ("permission_error", Some("permission_denied")),
        404 => ("invalid_request_error", Some("model_not_found")),
        413 => ("invalid_request_error", Some("request_too_large")),
        429 => ("requests", Some("rate_limit_exceeded")),
        503 | 529 => ("server_error", Some("overloaded")),
        500..=599 => ("server_error", None),
        _ => ("invalid_request_error", None),
    }
}
