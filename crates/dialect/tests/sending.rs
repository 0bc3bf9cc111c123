//! What an endpoint gets of a request, flag by flag.

mod endpoint;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Exchange, Stamp, Target};
use dialect::registry::{self, exchange, supported_parameters};
use dialect::request::Request;
use domain::catalog::{Dialect, Endpoint, ReasoningControls};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::price::{Price, PriceCard, Rate};
use domain::quirk::{
    MaxTokensParam, MessageOrder, Quirks, ReasoningIn, ReasoningOut, StreamUsage, SystemRole,
    ToolCallId,
};
use endpoint::endpoint;
use serde_json::{Value, json};

fn decode(body: &Value) -> Result<Request, Failure> {
    registry::decode(&Door::ChatCompletions, Bytes::from(body.to_string()))
}

/// Returns a request with these fields beside a short conversation.
fn asking(fields: Value) -> Value {
    let mut body = json!({"model": "acme/tiny", "messages": [{"role": "user", "content": "Why?"}]});
    let fields = fields.as_object().expect("fields are an object").clone();
    body.as_object_mut().expect("a body is an object").extend(fields);
    body
}

fn attempt(body: &Value, endpoint: &Endpoint) -> Result<Box<dyn Exchange>, Failure> {
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    exchange(&decode(body)?, Target { endpoint, user_hash: Some("h4sh") }, stamp)
}

/// Returns what an endpoint gets, and the names of what it does not.
fn sent(body: &Value, endpoint: &Endpoint) -> (Value, Vec<String>) {
    let attempt = attempt(body, endpoint).expect("the endpoint takes it");
    let wire = attempt.wire();
    assert_eq!(wire.path, "/chat/completions");
    // A request is read strictly: no name twice.
    registry::decode(&Door::ChatCompletions, wire.body.clone()).expect("what is sent is a request");
    (serde_json::from_slice(&wire.body).expect("what is sent is JSON"), wire.dropped.clone())
}

fn with(quirks: Quirks) -> Endpoint {
    Endpoint { quirks, ..endpoint() }
}

fn named(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn what_has_no_effect_is_named() {
    let (body, dropped) = sent(
        &asking(json!({
            "plugins": [{"id": "fusion"}, {"id": "moderation", "enabled": false}],
            "transforms": ["middle-out", "sideways"], "preset": "p", "trace": {"trace_id": "t"},
            "metadata": {"a": "b"}, "usage": {"include": true}, "debug": {},
            "provider": {"colour": "blue"}, "tools": [
                {"type": "openrouter:web_search"},
                {"type": "function", "function": {"name": "f"}},
            ],
            "verbosity": "low", "raw_mode": true, "top_k": 3, "stream_options": {"x": 1},
            "cache_control": {"type": "ephemeral"},
        })),
        &endpoint(),
    );
    let expected = [
        "tools.openrouter:web_search",
        "verbosity",
        "raw_mode",
        "top_k",
        "cache_control",
        "provider.colour",
        "preset",
        "trace",
        "metadata",
        "transforms.sideways",
        "plugins.fusion",
    ];
    assert_eq!(dropped, expected);
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["model", "messages", "tools"]);
    assert_eq!(body["tools"].as_array().unwrap().len(), 1);
}

#[test]
fn messages_pass_byte_by_byte() {
    let messages = r#"[ {"role":"user", "content":"\u00fc \ud83d  1e999", "x": 1.0}]"#;
    let text = format!(r#"{{"model":"a/b","messages":{messages},"max_tokens":5}}"#);
    let request = registry::decode(&Door::ChatCompletions, Bytes::from(text)).unwrap();
    let endpoint = endpoint();
    let stamp =
        Stamp { id: String::new(), created: 0, model: String::new(), provider: String::new() };
    let target = Target { endpoint: &endpoint, user_hash: None };
    let exchange = exchange(&request, target, stamp).unwrap();
    let expected = format!(r#"{{"model":"tiny-1","messages":{messages},"max_tokens":5}}"#);
    assert_eq!(exchange.wire().body, expected);
}

#[test]
fn a_user_is_told_as_a_hash_and_nulls_are_not_sent() {
    let (body, dropped) = sent(&asking(json!({"user": "me", "stop": null})), &endpoint());
    assert_eq!(body["user"], "h4sh");
    assert!(body.get("stop").is_none() && dropped.is_empty());
    let shy = with(Quirks { drop_params: named(&["user"]), ..Quirks::default() });
    let (body, dropped) = sent(&asking(json!({"user": "me"})), &shy);
    assert!(body.get("user").is_none());
    assert_eq!(dropped, ["user"]);
    let cold = Endpoint { temperature: false, ..endpoint() };
    assert_eq!(sent(&asking(json!({"temperature": 1})), &cold).1, ["temperature"]);
}

/// Checks what an endpoint with these flags gets of a request that sets many fields.
fn check(quirks: Quirks, present: Value, absent: &[&str]) {
    let fields = json!({
        "max_tokens": 9, "temperature": 0.5, "seed": 4, "stream": true, "top_k": 3,
        "tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required",
        "store": false, "search_mode": "web",
    });
    let (sent, _) = sent(&asking(fields), &with(quirks));
    for (name, value) in present.as_object().expect("fields are an object") {
        assert_eq!(&sent[name], value, "{name}");
    }
    for name in absent {
        assert!(sent.get(name).is_none(), "{name}");
    }
}

#[test]
fn each_flag_of_names_and_streams_does_what_it_says() {
    let usage = json!({"include_usage": true});
    check(
        Quirks::default(),
        json!({"max_tokens": 9, "temperature": 0.5, "stream": true, "stream_options": usage,
            "tool_choice": "required"}),
        &["max_completion_tokens", "top_k", "store", "search_mode"],
    );
    check(
        Quirks { max_tokens_param: Some(MaxTokensParam::MaxCompletionTokens), ..Quirks::default() },
        json!({"max_completion_tokens": 9}),
        &["max_tokens"],
    );
    for never in [StreamUsage::Always, StreamUsage::Never] {
        let quirks = Quirks { stream_usage: Some(never), ..Quirks::default() };
        check(quirks, json!({"stream": true}), &["stream_options"]);
    }
    check(
        Quirks { drop_params: named(&["seed", "max_tokens"]), ..Quirks::default() },
        json!({}),
        &["seed", "max_tokens"],
    );
    check(
        Quirks { drop_params_when_reasoning: named(&["temperature"]), ..Quirks::default() },
        json!({"seed": 4}),
        &["temperature"],
    );
    let renames = [("seed".to_owned(), "random_seed".to_owned())].into();
    check(
        Quirks { rename_params: Some(renames), ..Quirks::default() },
        json!({"random_seed": 4}),
        &["seed"],
    );
}

#[test]
fn each_flag_of_what_is_taken_does_what_it_says() {
    check(
        Quirks { tool_choice_required: Some("any".to_owned()), ..Quirks::default() },
        json!({"tool_choice": "any"}),
        &[],
    );
    check(
        Quirks { fixed_temperature: Some(true), ..Quirks::default() },
        json!({}),
        &["temperature"],
    );
    check(
        Quirks { extra_params: named(&["top_k", "search_mode"]), ..Quirks::default() },
        json!({"top_k": 3, "search_mode": "web"}),
        &[],
    );
    check(
        Quirks { no_tools: Some(true), ..Quirks::default() },
        json!({}),
        &["tools", "tool_choice"],
    );
    check(
        Quirks { system_role: Some(SystemRole::Developer), ..Quirks::default() },
        json!({"store": false}),
        &[],
    );
    let defaults = json!({"reasoning_format": "parsed", "temperature": 1});
    check(
        Quirks { default_params: defaults.as_object().cloned(), ..Quirks::default() },
        json!({"reasoning_format": "parsed", "temperature": 0.5}),
        &[],
    );
}

#[test]
fn an_endpoint_s_own_fields_go_first() {
    let fast = json!({"speed": "fast", "temperature": 1});
    let endpoint = Endpoint {
        body: fast.as_object().unwrap().clone(),
        headers: vec![("x-mode".to_owned(), "fast".to_owned())],
        ..endpoint()
    };
    let (body, _) = sent(&asking(json!({"temperature": 0.5, "speed": "slow"})), &endpoint);
    assert_eq!((&body["speed"], &body["temperature"]), (&json!("fast"), &json!(1)));
    let attempt = attempt(&asking(json!({})), &endpoint).unwrap();
    assert_eq!(attempt.wire().headers, [("x-mode".into(), "fast".to_owned())]);
}

#[test]
fn limits_and_streams_that_an_endpoint_insists_on_are_sent() {
    let quirks =
        Quirks { max_tokens_required: Some(true), stream_only: Some(true), ..Quirks::default() };
    let endpoint = Endpoint { max_output: Some(777), ..with(quirks) };
    let (body, _) = sent(&asking(json!({})), &endpoint);
    assert_eq!((&body["max_tokens"], &body["stream"]), (&json!(777), &json!(true)));
    assert!(attempt(&asking(json!({})), &endpoint).unwrap().wire().streams);
}

fn thinking(ways: &[ReasoningIn], controls: ReasoningControls) -> Endpoint {
    Endpoint {
        reasoning_controls: controls,
        ..with(Quirks { reasoning_in: Some(ways.to_vec()), ..Quirks::default() })
    }
}

fn efforts(words: &[&str]) -> ReasoningControls {
    let efforts = words.iter().map(|word| (*word).to_owned()).collect();
    ReasoningControls { efforts, ..ReasoningControls::default() }
}

#[test]
fn a_wish_for_thinking_is_put_the_endpoint_s_way() {
    use ReasoningIn as Way;
    let toggle = || ReasoningControls { toggle: true, ..ReasoningControls::default() };
    let budget = || ReasoningControls {
        budget: true,
        toggle: true,
        budget_min: Some(1024),
        budget_max: Some(8000),
        ..ReasoningControls::default()
    };
    let high = json!({"effort": "high"});
    let off = json!({"effort": "none"});
    let tokens = json!({"max_tokens": 2000});
    let usual = &["low", "medium", "high"][..];
    for (ways, controls, ask, expected) in [
        (&[Way::ReasoningEffort][..], efforts(usual), &high, json!({"reasoning_effort": "high"})),
        (&[Way::ReasoningEffort], efforts(&["low"]), &high, json!({"reasoning_effort": "low"})),
        (&[Way::ReasoningEffort], efforts(&["none", "high"]), &off, {
            json!({"reasoning_effort": "none"})
        }),
        (&[Way::ReasoningEffort], efforts(usual), &tokens, json!({"reasoning_effort": "low"})),
        (&[Way::Effort], efforts(usual), &high, json!({"reasoning": {"effort": "high"}})),
        (&[Way::Enabled], toggle(), &high, json!({"reasoning": {"enabled": true}})),
        (&[Way::Enabled], toggle(), &off, json!({"reasoning": {"enabled": false}})),
        (&[Way::ThinkingType], toggle(), &high, json!({"thinking": {"type": "enabled"}})),
        (&[Way::ThinkingType], toggle(), &off, json!({"thinking": {"type": "disabled"}})),
        (&[Way::ThinkingBool], toggle(), &off, json!({"thinking": false})),
        (&[Way::EnableThinking], toggle(), &high, json!({"enable_thinking": true})),
        (&[Way::TemplateKwargs], toggle(), &off, {
            json!({"chat_template_kwargs": {"enable_thinking": false}})
        }),
        (&[Way::TemplateArgs], toggle(), &high, {
            json!({"chat_template_args": {"enable_thinking": true}})
        }),
        (&[Way::EnableThinkingBudget], budget(), &tokens, {
            json!({"enable_thinking": true, "thinking_budget": 2000})
        }),
        (&[Way::EnableThinkingBudget], budget(), &off, json!({"enable_thinking": false})),
        (&[Way::ThinkingBudget], budget(), &high, {
            json!({"thinking": {"type": "enabled", "budget_tokens": 8000}})
        }),
        (&[Way::MaxTokens], budget(), &tokens, json!({"reasoning": {"max_tokens": 2000}})),
        (
            &[Way::ThinkingType, Way::ReasoningEffort],
            ReasoningControls { toggle: true, ..efforts(&["high", "max"]) },
            &high,
            json!({"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ),
        (
            &[Way::ReasoningEffort, Way::TemplateArgs],
            toggle(),
            &high,
            json!({"chat_template_args": {"enable_thinking": true}}),
        ),
    ] {
        let endpoint = thinking(ways, controls);
        let (body, dropped) =
            sent(&asking(json!({"reasoning": ask, "max_tokens": 12_000})), &endpoint);
        let mut body = body.as_object().unwrap().clone();
        for name in ["model", "messages", "max_tokens"] {
            body.shift_remove(name);
        }
        assert_eq!(Value::Object(body), expected, "{ways:?} {ask}");
        assert!(dropped.is_empty(), "{ways:?} {ask}");
    }
}

#[test]
fn a_budget_of_thinking_leaves_room_for_the_answer() {
    let controls = ReasoningControls { budget: true, ..ReasoningControls::default() };
    let endpoint = thinking(&[ReasoningIn::MaxTokens], controls);
    let ask = asking(json!({"reasoning": {"effort": "high"}, "max_tokens": 600}));
    assert_eq!(sent(&ask, &endpoint).0["reasoning"], json!({"max_tokens": 599}));
}

#[test]
fn thinking_that_cannot_be_switched_off_sends_the_request_elsewhere() {
    let endpoint = thinking(&[ReasoningIn::ReasoningEffort], efforts(&["low", "high"]));
    let off = asking(json!({"reasoning": {"enabled": false}}));
    let failure = attempt(&off, &endpoint).err().unwrap();
    assert_eq!((failure.fault, failure.retry), (Fault::Caller, Retry::NextEndpoint));
    assert_eq!(failure.status(), 400);
}

#[test]
fn a_wish_for_thinking_is_dropped_where_nobody_thinks() {
    let endpoint = Endpoint { reasoning: false, ..endpoint() };
    let (body, dropped) = sent(&asking(json!({"reasoning_effort": "low"})), &endpoint);
    assert!(body.get("reasoning_effort").is_none());
    assert_eq!(dropped, ["reasoning"]);
}

#[test]
fn messages_are_changed_only_as_an_endpoint_needs() {
    let turns = json!([
        {"role": "developer", "content": [
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        ]},
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": null, "reasoning": "hm", "reasoning_details": [],
            "tool_calls": [{"id": "call_1", "type": "function",
                "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "4"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d", "reasoning": "hm"},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "call_2", "type": "function",
            "function": {"name": "f", "arguments": "{}"}}]},
    ]);
    let body = asking(json!({"messages": turns}));
    let sent = |quirks: Quirks| sent(&body, &with(quirks)).0["messages"].clone();
    let plain = sent(Quirks::default());
    assert_eq!(
        plain[0],
        json!({"role": "system", "content": [{"type": "text", "text": "Be brief."}]})
    );
    assert!(plain[3].get("reasoning").is_none() && plain[3].get("reasoning_details").is_none());
    let openai = sent(Quirks { system_role: Some(SystemRole::Developer), ..Quirks::default() });
    assert_eq!(openai[0]["role"], "developer");
    let back =
        sent(Quirks { reasoning_out: Some(ReasoningOut::ReasoningContent), ..Quirks::default() });
    assert_eq!(back[3]["reasoning_content"], "hm");
    assert_eq!(back[6], json!({"role": "assistant", "content": "d"}));
    let merged = sent(Quirks { message_order: Some(MessageOrder::Alternate), ..Quirks::default() });
    assert_eq!(merged[1], json!({"role": "user", "content": "a\n\nb"}));
    assert_eq!(merged.as_array().map(Vec::len), Some(7));
    let parted =
        sent(Quirks { message_order: Some(MessageOrder::NoUserAfterTool), ..Quirks::default() });
    assert_eq!(parted[5]["role"], "assistant");
    let short =
        sent(Quirks { tool_call_id: Some(ToolCallId::NineAlphanumerics), ..Quirks::default() });
    let id = short[3]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(short[4]["tool_call_id"], id);
    let kept = sent(Quirks { extra_params: named(&["cache_control"]), ..Quirks::default() });
    assert_eq!(kept[0]["content"][0]["cache_control"], json!({"type": "ephemeral"}));
}

#[test]
fn the_legacy_form_is_asked_and_answered() {
    let text = r#"{"model":"a/b","prompt":"Say \u00fc","max_tokens":5}"#;
    let request = registry::decode(&Door::Completions, Bytes::from(text)).unwrap();
    assert!(request.facts.legacy_prompt);
    let endpoint = endpoint();
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "a/b".to_owned(),
        provider: "Acme".to_owned(),
    };
    let target = Target { endpoint: &endpoint, user_hash: None };
    let exchange = exchange(&request, target, stamp).unwrap();
    let sent =
        r#"{"model":"tiny-1","messages":[{"role":"user","content":"Say \u00fc"}],"max_tokens":5}"#;
    assert_eq!(exchange.wire().body, sent);
    let answer = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"\u00fc"},"finish_reason":"length"}]}"#;
    let whole = exchange.whole(Bytes::from(answer)).unwrap().render(&Default::default());
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(whole["object"], "text_completion");
    assert_eq!(whole["choices"][0]["text"], "ü");
    assert_eq!(whole["choices"][0]["finish_reason"], "length");
    let mut stream = exchange.stream();
    let mut out = Vec::new();
    let event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ü\"}}]}\n\n";
    stream.push(event.as_bytes(), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "data: {\"id\":\"gen-1\",\"provider\":\"Acme\",\"model\":\"a/b\",\"object\":\"text_completion\",\
         \"created\":7,\"choices\":[{\"index\":0,\"text\":\"ü\",\"finish_reason\":null,\
         \"native_finish_reason\":null,\"logprobs\":null}]}\n\n"
    );
    assert!(decode(&json!({"model": "a/b", "prompt": "hi"})).unwrap().facts.legacy_prompt);
    let wrong = decode(&json!({"model": "a/b", "prompt": ["hi"]})).unwrap_err();
    assert_eq!(wrong.param.as_deref(), Some("prompt"));
}

#[test]
fn supported_parameters_are_those_that_are_sent() {
    let names = supported_parameters(&endpoint());
    for name in ["temperature", "tools", "tool_choice", "reasoning", "structured_outputs", "stop"] {
        assert!(names.contains(&name), "{name}");
    }
    for name in ["top_k", "min_p", "verbosity", "prediction"] {
        assert!(!names.contains(&name), "{name}");
    }
    let quirks = Quirks {
        no_tools: Some(true),
        fixed_temperature: Some(true),
        extra_params: named(&["top_k"]),
        drop_params: named(&["stop"]),
        ..Quirks::default()
    };
    let bare = Endpoint { reasoning: false, structured_output: false, ..with(quirks) };
    let names = supported_parameters(&bare);
    assert!(names.contains(&"top_k"));
    for name in ["tools", "temperature", "reasoning", "structured_outputs", "stop"] {
        assert!(!names.contains(&name), "{name}");
    }
    let other = Endpoint { dialect: Dialect::Music, ..endpoint() };
    assert!(supported_parameters(&other).is_empty());
}

#[test]
fn an_endpoint_whose_dialect_nobody_speaks_is_the_house_s_mistake() {
    let other = Endpoint { dialect: Dialect::Music, ..endpoint() };
    let failure = attempt(&asking(json!({})), &other).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Internal);
}

#[test]
fn a_choice_of_tools_goes_only_with_tools() {
    let server = json!({"tools": [{"type": "web_search"}], "tool_choice": "auto"});
    let (body, dropped) = sent(&asking(server.clone()), &endpoint());
    assert!(body.get("tools").is_none() && body.get("tool_choice").is_none());
    assert_eq!(dropped, ["tools.web_search", "tool_choice"]);
    assert!(!decode(&asking(server)).unwrap().facts.tools);
    let (body, _) = sent(&asking(json!({"tool_choice": "auto"})), &endpoint());
    assert!(body.get("tool_choice").is_none());
}

#[test]
fn a_tier_with_a_price_of_its_own_is_asked_for_only_where_that_is_known() {
    let price = Price { input: Some(Rate::FREE), ..Price::default() };
    let card = PriceCard { priority: Some(price), ..PriceCard::flat(price) };
    let priced = Endpoint { price: Some(card), ..endpoint() };
    let follower = with(Quirks { system_role: Some(SystemRole::Developer), ..Quirks::default() });
    for (tier, endpoint, expected) in [
        ("fast", &priced, json!("priority")),
        ("priority", &follower, Value::Null),
        ("flex", &follower, Value::Null),
        ("default", &follower, json!("default")),
        ("default", &endpoint(), Value::Null),
    ] {
        let (body, dropped) = sent(&asking(json!({"service_tier": tier})), endpoint);
        assert_eq!(body["service_tier"], expected, "{tier}");
        assert_eq!(dropped.is_empty(), !expected.is_null(), "{tier}");
    }
}

#[test]
fn nothing_is_stored_for_a_caller_who_wants_nothing_kept() {
    let follower = with(Quirks { system_role: Some(SystemRole::Developer), ..Quirks::default() });
    let (body, _) = sent(&asking(json!({"store": true})), &follower);
    assert_eq!(body["store"], true);
    let strict = json!({"store": true, "provider": {"zdr": true}});
    let (body, dropped) = sent(&asking(strict), &follower);
    assert!(body.get("store").is_none());
    assert_eq!(dropped, ["store"]);
}
