//! What endpoints of the clouds' and the smaller dialects get of a request.

mod endpoint;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Stamp, Target, Wire};
use dialect::registry::{decode, exchange};
use domain::catalog::{Dialect, Endpoint, ReasoningControls};
use domain::failure::{Failure, Retry};
use domain::quirk::{PrefillMark, Quirks, ReasoningIn, ReasoningOut, ToolCallId};
use endpoint::endpoint;
use serde_json::{Value, json};

fn wire(door: &Door, body: &Value, endpoint: &Endpoint) -> Result<Wire, Failure> {
    let request = decode(door, Bytes::from(body.to_string()))?;
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    let exchange = exchange(&request, Target { endpoint, user_hash: Some("h4sh") }, stamp)?;
    Ok(exchange.wire().clone())
}

fn chat(fields: Value) -> Value {
    let mut body = json!({"model": "acme/tiny", "messages": [{"role": "user", "content": "Why?"}]});
    let fields = fields.as_object().expect("fields are an object").clone();
    body.as_object_mut().expect("a body is an object").extend(fields);
    body
}

fn sent(body: &Value, endpoint: &Endpoint) -> Value {
    let wire = wire(&Door::ChatCompletions, body, endpoint).expect("the endpoint takes it");
    serde_json::from_slice(&wire.body).expect("what is sent is JSON")
}

fn of(dialect: Dialect, quirks: Quirks) -> Endpoint {
    Endpoint { dialect, quirks, ..endpoint() }
}

fn weather() -> Value {
    json!({"type": "function", "function": {"name": "weather", "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}})
}

/// A conversation in which a tool was called, with a picture.
fn conversation() -> Value {
    json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "How is it there?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ]},
        {"role": "assistant", "content": "I look.", "reasoning": "Hm.", "tool_calls": [
            {"id": "call_1", "type": "function",
                "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}},
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"},
    ])
}

#[test]
fn azure_is_reached_by_deployment_and_version_where_a_flag_says_so() {
    let path = |base_url: &str, api_version: Option<&str>| {
        let quirks = Quirks { api_version: api_version.map(str::to_owned), ..Quirks::default() };
        let endpoint = Endpoint {
            base_url: base_url.to_owned(),
            upstream_model: "my gpt".to_owned(),
            ..of(Dialect::AzureOpenai, quirks)
        };
        wire(&Door::ChatCompletions, &chat(json!({})), &endpoint).unwrap().path.into_owned()
    };
    assert_eq!(path("https://a.invalid/openai/v1", None), "/chat/completions");
    let classic = path("https://a.invalid/openai/deployments", Some("2024-10-21"));
    assert_eq!(classic, "/my%20gpt/chat/completions?api-version=2024-10-21");
    let models = path("https://a.invalid/models", Some("2024-05-01-preview"));
    assert_eq!(models, "/chat/completions?api-version=2024-05-01-preview");
}

fn mistral() -> Endpoint {
    let quirks = Quirks {
        reasoning_out: Some(ReasoningOut::ContentParts),
        tool_call_id: Some(ToolCallId::NineAlphanumerics),
        prefill_mark: Some(PrefillMark::Prefix),
        extra_params: Some(vec!["safe_prompt".to_owned()]),
        ..Quirks::default()
    };
    of(Dialect::Mistral, quirks)
}

#[test]
fn mistral_gets_thinking_in_parts_and_short_ids() {
    let body = sent(&chat(json!({"messages": conversation(), "safe_prompt": true})), &mistral());
    let answer = &body["messages"][2];
    let thought = json!({"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]});
    assert_eq!(answer["content"], json!([thought, {"type": "text", "text": "I look."}]));
    assert!(answer.get("reasoning").is_none(), "{answer}");
    let id = answer["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|it| it.is_ascii_alphanumeric()), "{id}");
    assert_eq!(body["messages"][3]["tool_call_id"], id);
    assert_eq!(body["safe_prompt"], true);
}

#[test]
fn an_answer_that_was_begun_is_marked_and_no_other() {
    let begun = json!([
        {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because"},
    ]);
    let body = sent(&chat(json!({"messages": begun})), &mistral());
    let marked = json!({"role": "assistant", "content": "Because", "prefix": true});
    assert_eq!(body["messages"][1], marked);
    let body = sent(&chat(json!({"messages": conversation()})), &mistral());
    assert!(!body.to_string().contains("prefix"), "{body}");
}

fn claude_at_bedrock() -> Endpoint {
    Endpoint {
        upstream_model: "eu.anthropic.claude-v1:0".to_owned(),
        reasoning_controls: ReasoningControls { budget: true, ..ReasoningControls::default() },
        ..of(Dialect::BedrockConverse, Quirks::default())
    }
}

#[test]
fn converse_gets_a_conversation_in_its_own_form() {
    let body = chat(json!({
        "messages": conversation(), "tools": [weather()], "tool_choice": "required",
        "max_tokens": 99, "temperature": 1.5, "top_p": 0.5, "stop": ["END"], "stream": true,
        "seed": 3,
    }));
    let wire = wire(&Door::ChatCompletions, &body, &claude_at_bedrock()).unwrap();
    assert_eq!(wire.path, "/model/eu.anthropic.claude-v1%3A0/converse-stream");
    assert_eq!(wire.dropped, ["seed", "top_p"]);
    let expected = json!({
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [
                {"text": "How is it there?"},
                {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
            ]},
            {"role": "assistant", "content": [
                {"text": "I look."},
                {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Bern"}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "call_1", "content": [{"text": "18 degrees"}]}},
            ]},
        ],
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "weather", "description": "The weather",
                "inputSchema": {"json": {"type": "object",
                    "properties": {"city": {"type": "string"}}}}}}],
            "toolChoice": {"any": {}},
        },
        "inferenceConfig": {"maxTokens": 99, "temperature": 1.0, "stopSequences": ["END"]},
    });
    assert_eq!(serde_json::from_slice::<Value>(&wire.body).unwrap(), expected);
}

#[test]
fn converse_gets_marks_of_caches_signed_thinking_and_a_budget() {
    let body = json!({
        "model": "acme/tiny", "max_tokens": 4000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "system": [{"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": "no"},
                {"type": "text", "text": "And?",
                    "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            ]},
        ],
    });
    let wire = wire(&Door::Messages, &body, &claude_at_bedrock()).unwrap();
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    let point = json!({"cachePoint": {"type": "default"}});
    assert_eq!(body["system"], json!([{"text": "Long."}, point]));
    let thought = json!({"reasoningText": {"text": "Hm.", "signature": "c2ln"}});
    assert_eq!(body["messages"][1]["content"][0], json!({"reasoningContent": thought}));
    let said = &body["messages"][2]["content"];
    assert_eq!(said[0]["toolResult"]["status"], "error");
    assert_eq!(said[2], json!({"cachePoint": {"type": "default", "ttl": "1h"}}));
    let own = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
    assert_eq!(body["additionalModelRequestFields"], own);
    // The tool is not offered any more, but the conversation has to say what it was.
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "weather");
}

#[test]
fn converse_is_told_to_think_in_the_words_of_the_model() {
    let asked = chat(json!({"reasoning": {"effort": "high"}}));
    let with = |way: Option<ReasoningIn>| {
        let quirks = Quirks { reasoning_in: way.map(|way| vec![way]), ..Quirks::default() };
        sent(&asked, &of(Dialect::BedrockConverse, quirks))["additionalModelRequestFields"].clone()
    };
    let config = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}});
    assert_eq!(with(Some(ReasoningIn::ReasoningConfig)), config);
    assert_eq!(with(Some(ReasoningIn::ReasoningEffort)), json!({"reasoning_effort": "high"}));
    assert_eq!(with(None)["output_config"], json!({"effort": "high"}));
}

#[test]
fn converse_keeps_to_a_schema_by_a_tool_or_by_itself() {
    let schema = json!({"type": "object", "properties": {"mood": {"type": "string"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "said", "schema": schema}});
    let plain = sent(&chat(json!({"response_format": format})), &claude_at_bedrock());
    assert_eq!(plain["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], schema);
    assert!(plain.get("outputConfig").is_none());
    let asked = chat(json!({"response_format": format, "tools": [weather()]}));
    let told = sent(&asked, &claude_at_bedrock());
    let form = &told["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    assert_eq!(form["schema"], schema.to_string());
    let old = Endpoint { structured_output: false, ..claude_at_bedrock() };
    let failure = wire(&Door::ChatCompletions, &asked, &old).unwrap_err();
    assert_eq!(failure.retry, Retry::NextEndpoint);
}

#[test]
fn cohere_gets_a_conversation_in_its_own_form() {
    let controls = ReasoningControls { toggle: true, budget: true, ..Default::default() };
    let extra_params = Some(vec!["safety_mode".to_owned()]);
    let endpoint = Endpoint {
        reasoning_controls: controls,
        ..of(Dialect::Cohere, Quirks { extra_params, ..Quirks::default() })
    };
    let body = chat(json!({
        "messages": conversation(), "tools": [weather()], "parallel_tool_calls": false,
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "max_tokens": 4000, "temperature": 1.5, "top_p": 1, "top_k": 5, "stop": "END", "seed": 3,
        "reasoning": {"max_tokens": 2000}, "safety_mode": "OFF", "documents": ["a"],
        "presence_penalty": -1,
    }));
    let wire = wire(&Door::ChatCompletions, &body, &endpoint).unwrap();
    assert_eq!((wire.path.as_ref(), wire.streams), ("/chat", false));
    assert_eq!(wire.dropped, ["parallel_tool_calls", "documents"]);
    let expected = json!({
        "model": "tiny-1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "How is it there?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ]},
            {"role": "assistant",
                "tool_calls": [{"id": "call_1", "type": "function",
                    "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}}],
                "content": [{"type": "thinking", "thinking": "Hm."},
                    {"type": "text", "text": "I look."}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"},
        ],
        "tools": [weather()], "tool_choice": "REQUIRED",
        "temperature": 1.0, "p": 0.99, "k": 5, "seed": 3, "presence_penalty": 0.0,
        "max_tokens": 4000, "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "token_budget": 2000}, "safety_mode": "OFF",
        "stream": false,
    });
    assert_eq!(serde_json::from_slice::<Value>(&wire.body).unwrap(), expected);
}

#[test]
fn a_plan_goes_back_to_a_model_of_coheres_that_does_not_think() {
    let endpoint = Endpoint { reasoning: false, ..of(Dialect::Cohere, Quirks::default()) };
    let body = sent(&chat(json!({"messages": conversation()})), &endpoint);
    assert_eq!(body["messages"][2]["tool_plan"], "Hm.");
    let texts = json!([{"type": "text", "text": "I look."}]);
    assert_eq!(body["messages"][2]["content"], texts);
}

#[test]
fn sap_gets_an_envelope() {
    let body = chat(json!({"max_tokens": 9, "stream": true, "tools": [weather()]}));
    let endpoint = of(Dialect::SapOrchestration, Quirks::default());
    let wire = wire(&Door::ChatCompletions, &body, &endpoint).unwrap();
    assert_eq!(wire.path, "/v2/completion");
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    let expected = json!({"config": {
        "modules": {"prompt_templating": {
            "prompt": {"template": [{"role": "user", "content": "Why?"}], "tools": [weather()]},
            "model": {"name": "tiny-1", "version": "latest",
                "params": {"user": "h4sh", "max_tokens": 9}},
        }},
        "stream": {"enabled": true},
    }});
    assert_eq!(body, expected);
}
