//! What the operations beside chat have in common.
//!
//! The caller's fields go on with few changes, and the answer comes back with what it used and
//! what it cost.

use std::borrow::Cow;
use std::fmt::Debug;

use bytes::Bytes;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::usage::{TOKENS_MAX, Usage};
use serde_json::{Map, Value, json};

use crate::envelope;
use crate::exchange::{Exchange, Receipt, Stamp, Target, Wire};

/// What a request asks for that is no chat.
pub(crate) trait Task: Debug + Send + Sync {
    /// Returns how an endpoint is asked, and how its answer is read.
    ///
    /// # Errors
    /// When the endpoint cannot do what the request insists on.
    fn exchange(&self, target: Target<'_>, stamp: Stamp) -> Result<Box<dyn Exchange>, Failure>;

    /// Returns what ends a stream that was kept alive in vain.
    fn failure_event(&self, failure: &Failure) -> Vec<u8> {
        let _ = failure;
        Vec::new()
    }

    /// Returns what keeps a silent stream alive; empty where nothing does.
    fn keep_alive(&self) -> &'static [u8] {
        b""
    }
}

/// Returns the failure of an endpoint that cannot do what the request insists on. Another may.
pub(crate) fn cannot(param: &str, detail: impl Into<String>) -> Failure {
    Failure::new(FailureKind::InvalidRequest, Fault::Caller, Retry::NextEndpoint, detail).at(param)
}

/// Returns the caller's fields as an endpoint takes them, the model first. Those that the form does
/// not `know` and the endpoint's flags do not allow are added to `dropped`.
pub(crate) fn fitted(
    fields: &Map<String, Value>,
    options: &Map<String, Value>,
    target: Target<'_>,
    known: &[&str],
    dropped: &mut Vec<String>,
) -> Map<String, Value> {
    let (endpoint, quirks) = (target.endpoint, &target.endpoint.quirks);
    let lists = |list: &Option<Vec<String>>, name: &str| {
        list.as_ref().is_some_and(|list| list.iter().any(|it| it == name))
    };
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(endpoint.upstream_model));
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let takes = known.contains(&name.as_str()) || lists(&quirks.extra_params, name);
        if !takes || lists(&quirks.drop_params, name) {
            dropped.push(crate::preferences::shown(name));
            continue;
        }
        let renamed = quirks.rename_params.as_ref().and_then(|names| names.get(name));
        body.insert(renamed.unwrap_or(name).clone(), value.clone());
    }
    for (name, value) in quirks.default_params.iter().flatten() {
        body.entry(name).or_insert_with(|| value.clone());
    }
    body.extend(endpoint.body.clone());
    body.extend(own_options(options, target).cloned().unwrap_or_default());
    body
}

/// Returns what a request has for the endpoint's provider alone.
pub(crate) fn own_options<'a>(
    options: &'a Map<String, Value>,
    target: Target<'_>,
) -> Option<&'a Map<String, Value>> {
    let slug = target.endpoint.tag.split('/').next()?;
    options.get(slug)?.as_object()
}

/// Returns what goes over the wire as JSON.
pub(crate) fn wire(
    path: impl Into<Cow<'static, str>>,
    body: &Map<String, Value>,
    target: Target<'_>,
    dropped: Vec<String>,
) -> Wire {
    let mut bytes = Vec::new();
    crate::write::push_value(&mut bytes, body);
    let headers = target.endpoint.headers.iter();
    Wire {
        path: path.into(),
        headers: headers.map(|(name, it)| (name.clone().into(), it.clone())).collect(),
        body: Bytes::from(bytes),
        streams: false,
        dropped,
        schema_as_tool: false,
    }
}

/// Returns a list out of a field that may also hold one of its items alone.
pub(crate) fn listed(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// Reads a count; what cannot be believed is none.
pub(crate) fn count(value: &Value) -> Option<u32> {
    let count = value.as_u64().and_then(|it| u32::try_from(it).ok())?;
    (count <= TOKENS_MAX).then_some(count)
}

/// Returns a length in bytes as a count, the largest where it does not fit.
pub(crate) fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Returns whether an endpoint bills prompt tokens or completion tokens.
pub(crate) fn bills_tokens(target: Target<'_>) -> bool {
    let price = target.endpoint.price.as_ref().map(|card| card.base);
    price.is_some_and(|it| it.input.is_some() || it.output.is_some() || it.input_audio.is_some())
}

/// Returns the `usage` object of an answer: `counted` and what it costs.
pub(crate) fn usage(receipt: &Receipt, counted: Value) -> Value {
    let Receipt { usage, cost, prompt_cost, metadata: _ } = receipt;
    let mut shown = counted;
    shown["cost"] = json!(cost.dollars());
    shown["is_byok"] = json!(false);
    shown["cost_details"] = json!({
        "upstream_inference_cost": null,
        "upstream_inference_prompt_cost": prompt_cost.dollars(),
        "upstream_inference_completions_cost": cost.saturating_sub(*prompt_cost).dollars(),
    });
    if usage.estimated {
        shown["estimated"] = json!(true);
    }
    shown
}

/// Returns a usage of prompt tokens that a provider told; what it did not tell is counted here.
pub(crate) fn prompt_usage(told: Option<u32>, counted: impl FnOnce() -> u32) -> Usage {
    match told {
        Some(input) => Usage { input, ..Usage::default() },
        None => Usage { input: counted(), estimated: true, ..Usage::default() },
    }
}

/// Appends an event that is named by its type.
pub(crate) fn push_event(out: &mut Vec<u8>, value: &Value) {
    let name = value["type"].as_str().unwrap_or_default();
    out.extend(format!("event: {name}\ndata: {value}\n\n").bytes());
}

/// Appends the end of a stream of events.
pub(crate) fn push_done(out: &mut Vec<u8>) {
    out.extend(b"data: [DONE]\n\n");
}

/// Appends the end of a stream of events that failed.
pub(crate) fn push_failure(out: &mut Vec<u8>, failure: &Failure) {
    let error = envelope::error(failure, envelope::DOCS);
    push_event(out, &json!({"type": "error", "error": error}));
    push_done(out);
}

/// Adds the object of `X-OpenRouter-Metadata: enabled` to an answer, where it was asked for.
pub(crate) fn with_metadata(body: &mut Value, receipt: &Receipt) {
    if let Some(metadata) = &receipt.metadata {
        body["openrouter_metadata"] = metadata.clone();
    }
}
