//! The contract of parameters, held against what encoders do: a request is written with the
//! parameter and without, and the two are compared.

mod endpoint;

use bytes::Bytes;
use dialect::contract::Fate;
use dialect::door::Door;
use dialect::exchange::{Stamp, Target};
use dialect::registry::{PARAMETERS, decode, exchange, fate, is_spoken, takes_all};
use domain::catalog::{Dialect, Endpoint, ReasoningControls};
use domain::price::{Price, PriceCard, Rate};
use domain::quirk::{MaxTokensParam, Quirks};
use endpoint::endpoint;
use serde_json::{Value, json};

/// Returns a field that sets a parameter, and what has to stand beside it.
fn setting(name: &str) -> (Value, Value) {
    let tools = json!({"tools": [{"type": "function", "function": {
        "name": "look", "parameters": {"type": "object"}
    }}]});
    let schema = json!({"type": "json_schema", "json_schema": {
        "name": "x", "strict": true, "schema": {"type": "object", "properties": {}}
    }});
    let (value, beside) = match name {
        "cache_control" => (json!({"type": "ephemeral"}), json!({})),
        "include_reasoning" => (json!(true), json!({})),
        "logit_bias" => (json!({"17": 1}), json!({})),
        "logprobs" => (json!(true), json!({})),
        "max_completion_tokens" | "max_tokens" => (json!(3000), json!({})),
        "n" => (json!(2), json!({})),
        "parallel_tool_calls" => (json!(false), tools),
        "prediction" => (json!({"type": "content", "content": "x"}), json!({})),
        "prompt_cache_key" | "user" => (json!("k"), json!({})),
        "reasoning" => (json!({"effort": "low"}), json!({"max_tokens": 9000})),
        "reasoning_effort" | "verbosity" => (json!("low"), json!({"max_tokens": 9000})),
        "response_format" => (json!({"type": "json_object"}), json!({})),
        "seed" | "top_k" | "top_logprobs" => (json!(3), json!({})),
        "service_tier" => (json!("priority"), json!({})),
        "stop" => (json!(["END"]), json!({})),
        "store" => (json!(true), json!({})),
        "structured_outputs" => return (json!({"response_format": schema}), json!({})),
        "tool_choice" => (json!("required"), tools),
        "tools" => return (tools, json!({})),
        "web_search_options" | "x_search_filter" => (json!({}), json!({})),
        _ => (json!(0.5), json!({})),
    };
    (json!({name: value}), beside)
}

/// Returns what an endpoint gets and what it does not, or `None` where it refuses.
fn sent(endpoint: &Endpoint, fields: &[&Value]) -> Option<(Value, Vec<String>)> {
    let mut body = json!({"model": "a/b", "messages": [{"role": "user", "content": "Why?"}]});
    for (name, value) in fields.iter().filter_map(|it| it.as_object()).flatten() {
        body[name] = value.clone();
    }
    let request =
        decode(&Door::ChatCompletions, Bytes::from(body.to_string())).expect("it is a request");
    let stamp =
        Stamp { id: String::new(), created: 0, model: String::new(), provider: String::new() };
    let user_hash = request.facts.user.as_ref().map(|_| "h4sh");
    let exchange = exchange(&request, Target { endpoint, user_hash }, stamp).ok()?;
    let wire = exchange.wire();
    // The body of a binary or signed wire is JSON all the same.
    Some((serde_json::from_slice(&wire.body).expect("it is JSON"), wire.dropped.clone()))
}

/// Endpoints that differ in what decides the fate of a parameter.
fn endpoints(dialect: Dialect) -> Vec<(&'static str, Endpoint)> {
    let budgets = matches!(
        dialect,
        Dialect::AnthropicMessages | Dialect::VertexAnthropic | Dialect::BedrockConverse
    );
    let controls = if budgets {
        ReasoningControls { budget: true, toggle: true, ..ReasoningControls::default() }
    } else {
        endpoint().reasoning_controls
    };
    let plain = Endpoint { dialect, reasoning_controls: controls, ..endpoint() };
    let with = |quirks: Quirks| Endpoint { quirks, ..plain.clone() };
    let names = |names: &[&str]| Some(names.iter().map(|it| (*it).to_owned()).collect());
    let price = Price { input: Some(Rate::FREE), ..Price::default() };
    let card = PriceCard { priority: Some(price), ..PriceCard::flat(price) };
    vec![
        ("plain", plain.clone()),
        ("efforts", Endpoint { dialect, ..endpoint() }),
        ("drops", with(Quirks { drop_params: names(PARAMETERS), ..Quirks::default() })),
        ("drops when it thinks", {
            let dropped = names(&["temperature", "top_p", "seed", "stop"]);
            with(Quirks { drop_params_when_reasoning: dropped, ..Quirks::default() })
        }),
        ("fixed temperature", with(Quirks { fixed_temperature: Some(true), ..Quirks::default() })),
        ("no tools", with(Quirks { no_tools: Some(true), ..Quirks::default() })),
        ("lists", {
            let listed = names(&[
                "cache_control",
                "min_p",
                "prediction",
                "prompt_cache_key",
                "repetition_penalty",
                "store",
                "top_a",
                "top_k",
                "verbosity",
                "web_search_options",
                "x_search_filter",
            ]);
            with(Quirks { extra_params: listed, ..Quirks::default() })
        }),
        ("renames", {
            let renames = [("seed".to_owned(), "random_seed".to_owned())].into();
            with(Quirks { rename_params: Some(renames), ..Quirks::default() })
        }),
        ("new name of the limit", {
            let new = Some(MaxTokensParam::MaxCompletionTokens);
            with(Quirks { max_tokens_param: new, ..Quirks::default() })
        }),
        ("priced tier", Endpoint { price: Some(card), ..plain.clone() }),
        ("no schemas", Endpoint { structured_output: false, ..plain.clone() }),
        ("does not think", Endpoint { reasoning: false, ..plain }),
    ]
}

#[test]
fn the_contract_and_what_encoders_do_agree() {
    let (mut faults, mut cells) = (Vec::new(), 0);
    for dialect in Dialect::ALL.into_iter().filter(|it| is_spoken(*it)) {
        for (kind, endpoint) in endpoints(dialect) {
            for name in PARAMETERS {
                // It is about what is shown of an answer.
                if *name == "include_reasoning" {
                    continue;
                }
                let (field, beside) = setting(name);
                let plain = sent(&endpoint, &[&beside]).map(|(body, _)| body);
                let with = sent(&endpoint, &[&beside, &field]);
                let promised = fate(name, &endpoint);
                // A schema that cannot be kept to is refused by name.
                let refuses = *name == "structured_outputs" && promised == Fate::Drop;
                let named = with.as_ref().is_some_and(|(_, dropped)| {
                    dropped.iter().any(|it| it == name || alias(name) == Some(it))
                });
                let changed = with.as_ref().map(|(body, _)| body) != plain.as_ref();
                let kept = match promised {
                    Fate::Drop if refuses => with.is_none() || named,
                    Fate::Drop => !changed && named,
                    _ => changed && !named && with.is_some(),
                };
                cells += 1;
                if !kept {
                    let got = with.map(|(_, dropped)| dropped);
                    faults.push(format!("{dialect:?} {kind} {name}: {promised:?}, {got:?}"));
                }
            }
        }
    }
    assert!(2000 <= cells, "{cells} cells");
    assert!(faults.is_empty(), "{} cells:\n{}", faults.len(), faults.join("\n"));
}

/// Another name under which a parameter may be named as dropped.
fn alias(name: &str) -> Option<&'static str> {
    match name {
        "reasoning_effort" => Some("reasoning"),
        "max_completion_tokens" => Some("max_tokens"),
        "max_tokens" => Some("max_completion_tokens"),
        "structured_outputs" => Some("response_format"),
        _ => None,
    }
}

#[test]
fn whoever_requires_all_parameters_gets_no_endpoint_that_drops_one() {
    let ask = |field: Value| {
        let mut body = json!({"model": "a/b", "messages": [{"role": "user", "content": "Why?"}]});
        body.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        decode(&Door::ChatCompletions, Bytes::from(body.to_string())).unwrap()
    };
    let chat = endpoint();
    let claude = Endpoint { dialect: Dialect::AnthropicMessages, ..endpoint() };
    for (field, by_chat, by_claude) in [
        (json!({"temperature": 0.5}), true, true),
        (json!({"seed": 4}), true, false),
        (json!({"top_k": 4}), false, true),
        (json!({"raw_mode": true}), false, false),
    ] {
        assert_eq!(takes_all(&ask(field.clone()), &chat), by_chat, "{field}");
        assert_eq!(takes_all(&ask(field.clone()), &claude), by_claude, "{field}");
    }
    let listed = Some(vec!["raw_mode".to_owned()]);
    let quirks = Quirks { extra_params: listed, ..Quirks::default() };
    assert!(takes_all(&ask(json!({"raw_mode": true})), &Endpoint { quirks, ..endpoint() }));
    let body = json!({
        "model": "a/b", "max_tokens": 9, "context_management": {"edits": []},
        "messages": [{"role": "user", "content": "Why?"}]
    });
    let strange = decode(&Door::Messages, Bytes::from(body.to_string())).unwrap();
    assert!(takes_all(&strange, &claude));
    assert!(!takes_all(&strange, &chat));
}

/// Returns a word for a cell of the table that people read.
fn cell(name: &str, dialect: Dialect) -> String {
    let all = endpoints(dialect);
    let fates: Vec<Fate> = all.iter().map(|(_, endpoint)| fate(name, endpoint)).collect();
    let sent = fates.iter().find(|it| !matches!(it, Fate::Drop | Fate::Emulate));
    let best = sent.or_else(|| fates.iter().find(|it| **it != Fate::Drop));
    best.map_or("–".to_owned(), |fate| fate.word().to_owned())
}

#[test]
fn the_documentation_shows_the_contract() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dialects.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, rest) = page.split_once("<!-- contract -->\n\n").expect("the page has a table");
    let (shown, _) = rest.split_once("\n\n<!-- /contract -->").expect("the table ends");
    let columns: Vec<Dialect> = Dialect::ALL.into_iter().filter(|it| is_spoken(*it)).collect();
    let titles: Vec<String> = columns
        .iter()
        .map(|it| serde_json::to_value(it).unwrap().as_str().unwrap().to_owned())
        .collect();
    let mut table = format!("| parameter | {} |\n", titles.join(" | "));
    table += &format!("|---|{}", "---|".repeat(columns.len()));
    for name in PARAMETERS {
        let cells: Vec<String> = columns.iter().map(|it| cell(name, *it)).collect();
        table += &format!("\n| `{name}` | {} |", cells.join(" | "));
    }
    assert_eq!(shown, table, "docs/dialects.md has another table; it should be:\n{table}");
}
