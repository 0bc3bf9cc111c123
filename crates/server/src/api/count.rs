//! How long a prompt is: counted here, before any model is run or paid.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::door::Door;
use dialect::registry::decode;
use dialect::tokens;
use domain::failure::Failure;
use domain::id::AccountId;
use domain::key::ApiKey;
use domain::limit::{Asked, Limits, Rules, Standing};
use domain::money::Money;
use serde_json::{Map, Value, json};

use super::caller::holder;
use crate::app::App;
use crate::error::ApiError;
use crate::limits;
use crate::shelf::name;

/// `POST /messages/count_tokens`, as Anthropic has it.
pub async fn messages(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    answer(&app, request, Door::Messages, |tokens| json!({ "input_tokens": tokens })).await
}

/// `POST /responses/input_tokens`, as OpenAI has it.
pub async fn responses(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    let shown = |tokens| json!({ "object": "response.input_tokens", "input_tokens": tokens });
    answer(&app, request, Door::Responses, shown).await
}

/// `POST /v1beta/models/{model}:countTokens`, as Gemini has it.
pub(super) async fn gemini(app: Arc<App>, model: &str, request: http::Request<Body>) -> Response {
    let door = Door::Gemini { model: model.to_owned(), streams: false, sse: false };
    answer(&app, request, door, |tokens| json!({ "totalTokens": tokens })).await
}

async fn answer(
    app: &Arc<App>,
    request: http::Request<Body>,
    door: Door,
    shown: impl FnOnce(u32) -> Value,
) -> Response {
    match count(app, request, &door).await {
        Ok((tokens, standings)) => {
            let mut response = Json(shown(tokens)).into_response();
            limits::tell(response.headers_mut(), &standings, door.dialect(), app.now());
            response
        }
        Err(error) => error.spoken(door.dialect()).into_response(),
    }
}

/// Counts a prompt; returns also how the limits stand that it counted against.
async fn count(
    app: &Arc<App>,
    request: http::Request<Body>,
    door: &Door,
) -> Result<(u32, Vec<Standing>), ApiError> {
    let (head, body) = request.into_parts();
    let _seat = app.room.enter()?;
    let (key, _) = holder(app, &head.headers).await?;
    let snapshot = app.current().snapshot.clone();
    let account = AccountId::default();
    let permit = app.limits.admit(uncosted(&snapshot.rules, &key, &account)).await?;
    let standings = permit.as_ref().map(|it| it.standings().to_vec()).unwrap_or_default();
    let body = app.intake.read(&head.headers, body).await?;
    let request = decode(door, completed(body, door)?)?;
    let named = request.facts.models.first().map(String::as_str).unwrap_or_default();
    let place = name::named(&snapshot.catalog, named, app.now())?;
    let tokenizer = snapshot.catalog.model(place).tokenizer.clone();
    let chat = request.chat.ok_or_else(|| Failure::house("a prompt to count was not read"))?;
    // Counting a long prompt keeps a core busy for milliseconds.
    let counted =
        tokio::task::spawn_blocking(move || tokens::of_prompt(&chat, tokenizer.as_deref()));
    let broke_off = |error| Failure::house(format!("counting broke off: {error}"));
    Ok((counted.await.map_err(broke_off)?, standings))
}

/// Returns what counting asks of the limits: it is a request, and uses nothing else.
fn uncosted<'a>(rules: &'a Rules, key: &'a ApiKey, account: &'a AccountId) -> Asked<'a> {
    Asked { rules, key, account, tokens: 0, spend: Money::ZERO, is_free: false }
}

/// Makes a request to count into one to generate, which demands more.
fn completed(body: Bytes, door: &Door) -> Result<Bytes, Failure> {
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    match door {
        Door::Messages => {
            fields.entry("max_tokens").or_insert(json!(1));
        }
        // A whole request may stand inside, with its tools and its system instruction.
        Door::Gemini { .. } => {
            if let Some(Value::Object(inner)) = fields.remove("generateContentRequest") {
                fields = inner;
                fields.remove("model");
            }
        }
        _ => (),
    }
    Ok(Bytes::from(Value::Object(fields).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(door: &Door, body: &Value, expected: &Value) {
        let made = completed(Bytes::from(body.to_string()), door).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&made).unwrap(), *expected);
    }

    #[test]
    fn a_request_to_count_need_not_say_what_only_a_generation_needs() {
        check(&Door::Messages, &json!({"messages": []}), &json!({"messages": [], "max_tokens": 1}));
        let gemini = Door::Gemini { model: "a/b".to_owned(), streams: false, sse: false };
        let inner = json!({"model": "models/a/b", "contents": [], "tools": []});
        let outer = json!({ "generateContentRequest": inner });
        check(&gemini, &outer, &json!({"contents": [], "tools": []}));
        assert!(completed(Bytes::from_static(b"[]"), &gemini).is_err());
    }
}
