//! Anthropic's messages, as their callers write and read them.

use serde_json::{Value, json};

use super::heard::{Ask, Call, Caller, End, Heard, Turn, events, json_of, parameters, text_of};

pub struct Messages;

impl Caller for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn path(&self, _: &str, _: &Ask) -> String {
        "/api/v1/messages".to_owned()
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let mut messages: Vec<Value> = Vec::new();
        for turn in &ask.turns {
            let message = message(turn);
            match messages.last_mut().filter(|last| last["role"] == message["role"]) {
                Some(last) => {
                    let more = message["content"].as_array().cloned().unwrap_or_default();
                    last["content"].as_array_mut().unwrap().extend(more);
                }
                None => messages.push(message),
            }
        }
        let mut body = json!({
            "model": model, "stream": ask.stream, "max_tokens": ask.tokens_max, "messages": messages
        });
        if ask.tool {
            body["tools"] = json!([{
                "name": "weather", "description": "The weather", "input_schema": parameters()
            }]);
        }
        if let Some(schema) = &ask.schema {
            body["output_config"] =
                json!({ "format": { "type": "json_schema", "schema": schema } });
        }
        if ask.thinks {
            body["thinking"] = json!({ "type": "enabled", "budget_tokens": 1024 });
        }
        body
    }

    fn whole(&self, body: &Value) -> Heard {
        assert_eq!(
            (&body["type"], &body["role"]),
            (&json!("message"), &json!("assistant")),
            "{body}"
        );
        assert!(body["id"].is_string() && body["usage"]["input_tokens"].is_u64(), "{body}");
        let blocks = body["content"].as_array().expect("content is a list");
        heard(blocks, &body["stop_reason"], &body["usage"])
    }

    fn stream(&self, text: &str) -> Heard {
        let mut blocks: Vec<Value> = Vec::new();
        let (mut stop, mut usage) = (Value::Null, json!({}));
        let (mut open, mut last) = (None, String::new());
        for (name, data) in events(text) {
            let event = json_of(&data);
            assert_eq!(event["type"], name.as_str(), "{data}");
            match name.as_str() {
                "ping" => continue,
                "message_start" => {
                    assert!(last.is_empty(), "{text}");
                    merge(&mut usage, &event["message"]["usage"]);
                    assert_eq!(event["message"]["content"], json!([]), "{data}");
                }
                "content_block_start" => {
                    assert_eq!((open, &event["index"]), (None, &json!(blocks.len())), "{text}");
                    open = Some(blocks.len());
                    blocks.push(event["content_block"].clone());
                }
                "content_block_delta" => {
                    assert_eq!(event["index"].as_u64(), open.map(|at| at as u64), "{text}");
                    grow(blocks.last_mut().unwrap(), &event["delta"]);
                }
                "content_block_stop" => {
                    assert_eq!(event["index"].as_u64(), open.map(|at| at as u64), "{text}");
                    open = None;
                    close(blocks.last_mut().unwrap());
                }
                "message_delta" => {
                    assert_eq!(open, None, "{text}");
                    stop = event["delta"]["stop_reason"].clone();
                    merge(&mut usage, &event["usage"]);
                }
                "message_stop" => (),
                other => panic!("an event `{other}`: {text}"),
            }
            last = name;
        }
        assert_eq!(last, "message_stop", "{text}");
        heard(&blocks, &stop, &usage)
    }

    fn error(&self, _: u16, body: &Value) -> String {
        assert_eq!(body["type"], "error", "{body}");
        assert!(body["error"]["type"].as_str().is_some_and(|it| it.ends_with("_error")), "{body}");
        text_of(&body["error"]["message"])
    }

    fn stream_error(&self, text: &str) -> Option<String> {
        let all = events(text);
        let (_, data) = all.iter().find(|(name, _)| name == "error")?;
        Some(self.error(0, &json_of(data)))
    }
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => {
            json!({ "role": "user", "content": [{ "type": "text", "text": text }] })
        }
        Turn::Shows(png, text) => json!({ "role": "user", "content": [
            { "type": "image", "source": {
                "type": "base64", "media_type": "image/png", "data": png
            } },
            { "type": "text", "text": text }
        ] }),
        Turn::Heard(turn) => turn.clone(),
        Turn::Result(id, _, said) => json!({ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": id, "content": said }
        ] }),
    }
}

fn heard(blocks: &[Value], stop: &Value, usage: &Value) -> Heard {
    let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
    let call = |block: &Value| Call {
        id: text_of(&block["id"]),
        name: text_of(&block["name"]),
        arguments: block["input"].clone(),
    };
    Heard {
        text: of("text").map(|block| text_of(&block["text"])).collect(),
        thought: of("thinking").map(|block| text_of(&block["thinking"])).collect(),
        calls: of("tool_use").map(call).collect(),
        end: match stop.as_str() {
            Some("end_turn" | "stop_sequence") => Some(End::Stop),
            Some("max_tokens") => Some(End::Length),
            Some("tool_use") => Some(End::Tools),
            other => panic!("ended for {other:?}"),
        },
        cost: usage["cost"].as_f64(),
        output_tokens: usage["output_tokens"].as_u64().unwrap_or(0),
        turn: json!({ "role": "assistant", "content": blocks }),
    }
}

fn merge(usage: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        usage[name] = value.clone();
    }
}

fn grow(block: &mut Value, delta: &Value) {
    let (to, from) = match delta["type"].as_str() {
        Some("text_delta") => ("text", "text"),
        Some("thinking_delta") => ("thinking", "thinking"),
        Some("signature_delta") => ("signature", "signature"),
        Some("input_json_delta") => ("partial", "partial_json"),
        Some("citations_delta") => return,
        other => panic!("a delta {other:?}"),
    };
    block[to] = json!(text_of(&block[to]) + &text_of(&delta[from]));
}

fn close(block: &mut Value) {
    if let Some(partial) = block.as_object_mut().unwrap().remove("partial") {
        let partial = text_of(&partial);
        if !partial.is_empty() {
            block["input"] = json_of(&partial);
        }
    }
}
