//! Ollama's chat, as its callers write and read it.

use serde_json::{Value, json};

use super::heard::{Ask, Call, Caller, End, Heard, Turn, json_of, parameters, text_of};

pub struct Ollama;

impl Caller for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn path(&self, _: &str, _: &Ask) -> String {
        "/api/chat".to_owned()
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let mut body = json!({
            "model": model, "stream": ask.stream, "options": { "num_predict": ask.tokens_max },
            "messages": ask.turns.iter().map(message).collect::<Vec<_>>()
        });
        if ask.tool {
            body["tools"] = json!([{ "type": "function", "function": {
                "name": "weather", "description": "The weather", "parameters": parameters()
            } }]);
        }
        if let Some(schema) = &ask.schema {
            body["format"] = schema.clone();
        }
        if ask.thinks {
            body["think"] = json!("high");
        }
        body
    }

    fn whole(&self, body: &Value) -> Heard {
        let mut heard = Heard::default();
        take(&mut heard, body);
        finish(heard, body)
    }

    fn stream(&self, text: &str) -> Heard {
        let mut heard = Heard::default();
        let lines: Vec<Value> = text.lines().map(json_of).collect();
        let (last, before) = lines.split_last().expect("a stream has lines");
        for line in before {
            assert_eq!(line["done"], false, "{text}");
            take(&mut heard, line);
        }
        take(&mut heard, last);
        finish(heard, last)
    }

    fn error(&self, _: u16, body: &Value) -> String {
        text_of(&body["error"])
    }

    fn stream_error(&self, text: &str) -> Option<String> {
        let last = json_of(text.lines().last()?);
        last["error"].as_str().map(str::to_owned)
    }
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "content": text }),
        Turn::Shows(png, text) => json!({ "role": "user", "content": text, "images": [png] }),
        Turn::Heard(turn) => turn.clone(),
        Turn::Result(_, name, said) => {
            json!({ "role": "tool", "tool_name": name, "content": said })
        }
    }
}

fn take(heard: &mut Heard, line: &Value) {
    assert!(line["created_at"].is_string() && line["model"].is_string(), "{line}");
    let message = &line["message"];
    heard.text += &text_of(&message["content"]);
    heard.thought += &text_of(&message["thinking"]);
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        heard.calls.push(Call {
            id: String::new(),
            name: text_of(&call["function"]["name"]),
            arguments: call["function"]["arguments"].clone(),
        });
    }
}

fn finish(mut heard: Heard, last: &Value) -> Heard {
    assert_eq!(last["done"], true, "{last}");
    heard.end = match last["done_reason"].as_str() {
        Some("stop") if !heard.calls.is_empty() => Some(End::Tools),
        Some("stop") => Some(End::Stop),
        Some("length") => Some(End::Length),
        other => panic!("ended for {other:?}"),
    };
    heard.output_tokens = last["eval_count"].as_u64().unwrap_or(0);
    heard.cost = last["cost"].as_f64();
    let calls: Vec<Value> = heard
        .calls
        .iter()
        .map(|it| json!({ "function": { "name": it.name, "arguments": it.arguments } }))
        .collect();
    heard.turn = json!({ "role": "assistant", "content": heard.text, "thinking": heard.thought });
    if !calls.is_empty() {
        heard.turn["tool_calls"] = Value::Array(calls);
    }
    heard
}
