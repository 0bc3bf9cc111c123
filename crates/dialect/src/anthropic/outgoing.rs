//! A caller's own request for an endpoint of the same dialect: its bytes, with the few fields
//! changed that have to be. What the house does not know, and Anthropic may, passes.

use bytes::Bytes;
use domain::catalog::Endpoint;
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use crate::exchange::Target;
use crate::house::FIELDS;
use crate::request::Request;

/// Writes the request, but for the model and the streaming. Returns what was left out, too.
///
/// # Errors
/// When the body cannot be read, which it could before.
pub(super) fn edited(
    request: &Request,
    target: Target<'_>,
) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut body: Map<String, Value> = serde_json::from_slice(&request.body)
        .map_err(|_| Failure::house("a body that was read cannot be read again"))?;
    for name in FIELDS.iter().chain(&["user", "fallbacks", "model", "stream", "metadata"]) {
        body.shift_remove(*name);
    }
    if let Some(user) = target.user_hash {
        body.insert("metadata".to_owned(), json!({"user_id": user}));
    }
    let endpoint = target.endpoint;
    let mut dropped: Vec<String> = request.ignored_names().map(str::to_owned).collect();
    if let (Some(most), Some(asked)) = (endpoint.max_output, body.get("max_tokens"))
        && asked.as_u64().is_some_and(|asked| u64::from(most) < asked)
    {
        body.insert("max_tokens".to_owned(), json!(most));
    }
    thinking(&mut body, endpoint, &mut dropped);
    for (name, value) in &endpoint.body {
        body.insert(name.clone(), value.clone());
    }
    let drops = |name: &str| endpoint.quirks.drops(name, endpoint.reasoning);
    let unwanted: Vec<String> = body.keys().filter(|name| drops(name)).cloned().collect();
    for name in unwanted {
        body.shift_remove(&name);
        dropped.push(name);
    }
    Ok((body, dropped))
}

/// Puts the wish for thinking in the form that the model knows.
fn thinking(body: &mut Map<String, Value>, endpoint: &Endpoint, dropped: &mut Vec<String>) {
    let controls = &endpoint.reasoning_controls;
    let Some(asked) = body.get("thinking") else { return };
    if !endpoint.reasoning {
        body.shift_remove("thinking");
        body.shift_remove("context_management");
        dropped.push("thinking".to_owned());
        return;
    }
    let budget = asked["budget_tokens"].as_u64();
    let only_efforts = !controls.budget && !controls.efforts.is_empty();
    if asked["type"] == "enabled" && only_efforts {
        body.insert("thinking".to_owned(), json!({"type": "adaptive", "display": "summarized"}));
        return;
    }
    // The budget has to leave room below the limit, which may just have been lowered.
    let most = body.get("max_tokens").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if let Some(budget) = budget.filter(|budget| most <= *budget) {
        let room = most.saturating_sub(1).min(budget);
        match room < 1024 {
            true => {
                body.shift_remove("thinking");
                dropped.push("thinking".to_owned());
            }
            false => body["thinking"]["budget_tokens"] = json!(room),
        }
    }
}

/// Writes a body for an endpoint: the model where the dialect has it, or Vertex's version.
pub(super) fn addressed(
    mut body: Map<String, Value>,
    endpoint: &Endpoint,
    streams: bool,
    vertex: bool,
    betas: &[String],
) -> Bytes {
    let mut whole = Map::new();
    if vertex {
        whole.insert("anthropic_version".to_owned(), json!("vertex-2023-10-16"));
        if !betas.is_empty() {
            whole.insert("anthropic_beta".to_owned(), json!(betas));
        }
    } else {
        whole.insert("model".to_owned(), json!(endpoint.upstream_model));
    }
    if streams {
        whole.insert("stream".to_owned(), json!(true));
    }
    body.shift_remove("stream");
    whole.append(&mut body);
    Bytes::from(Value::Object(whole).to_string())
}
