//! OpenAI's responses, as their callers write and read them.

use serde_json::{Value, json};

use super::heard::{Ask, Call, Caller, End, Heard, Turn, events, json_of, parameters, text_of};

pub struct Responses;

impl Caller for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn path(&self, _: &str, _: &Ask) -> String {
        "/api/v1/responses".to_owned()
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let mut body = json!({
            "model": model, "stream": ask.stream, "max_output_tokens": ask.tokens_max,
            "store": false, "include": ["reasoning.encrypted_content"],
            "input": ask.turns.iter().flat_map(items).collect::<Vec<_>>()
        });
        if ask.tool {
            body["tools"] = json!([{
                "type": "function", "name": "weather", "description": "The weather",
                "parameters": parameters(), "strict": true
            }]);
        }
        if let Some(schema) = &ask.schema {
            body["text"] = json!({ "format": {
                "type": "json_schema", "name": "said", "strict": true, "schema": schema
            } });
        }
        if ask.thinks {
            body["reasoning"] = json!({ "effort": "high", "summary": "auto" });
        }
        body
    }

    fn whole(&self, body: &Value) -> Heard {
        assert_eq!(body["object"], "response", "{body}");
        heard(body)
    }

    fn stream(&self, text: &str) -> Heard {
        let mut told = Told::default();
        for (number, (name, data)) in events(text).into_iter().enumerate() {
            let event = json_of(&data);
            assert_eq!(event["type"], name.as_str(), "{data}");
            assert_eq!(event["sequence_number"], number, "{data}");
            told.take(&name, &event, number);
        }
        told.end(text)
    }

    fn error(&self, _: u16, body: &Value) -> String {
        assert!(body["error"].is_object(), "{body}");
        text_of(&body["error"]["message"])
    }

    fn stream_error(&self, text: &str) -> Option<String> {
        let all = events(text);
        all.iter().find_map(|(name, data)| {
            let event = json_of(data);
            match name.as_str() {
                "error" => Some(text_of(&event["message"])),
                "response.failed" => Some(text_of(&event["response"]["error"]["message"])),
                _ => None,
            }
        })
    }
}

/// What a stream has told so far, checked against the order that the dialect prescribes.
#[derive(Default)]
struct Told {
    items: Vec<Value>,
    done: usize,
    deltas: String,
    last: Value,
}

impl Told {
    fn take(&mut self, name: &str, event: &Value, number: usize) {
        let place = event["output_index"].as_u64().map(|at| at as usize);
        match name {
            "response.created" => assert_eq!(number, 0),
            "response.output_item.added" => {
                assert_eq!(place, Some(self.items.len()), "{event}");
                self.items.push(event["item"].clone());
            }
            "response.output_item.done" => {
                let item = &mut self.items[place.unwrap()];
                assert_eq!(item["id"], event["item"]["id"], "{event}");
                *item = event["item"].clone();
                self.done += 1;
            }
            "response.output_text.delta" => {
                assert_eq!(self.items[place.unwrap()]["id"], event["item_id"], "{event}");
                self.deltas += event["delta"].as_str().expect("text");
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                assert!(self.last.is_null(), "{event}");
                self.last = event["response"].clone();
            }
            other => assert!(self.last.is_null() && other.starts_with("response."), "{event}"),
        }
    }

    fn end(self, text: &str) -> Heard {
        assert!(self.last.is_object(), "no end: {text}");
        assert_eq!(self.done, self.items.len(), "{text}");
        assert_eq!(self.last["output"], Value::Array(self.items), "{text}");
        let heard = heard(&self.last);
        assert_eq!(heard.text, self.deltas, "{text}");
        heard
    }
}

fn items(turn: &Turn) -> Vec<Value> {
    match turn {
        Turn::User(text) => vec![json!({ "type": "message", "role": "user", "content": [
            { "type": "input_text", "text": text }
        ] })],
        Turn::Shows(png, text) => vec![json!({ "type": "message", "role": "user", "content": [
            { "type": "input_text", "text": text },
            { "type": "input_image", "detail": "auto",
              "image_url": format!("data:image/png;base64,{png}") }
        ] })],
        Turn::Heard(turn) => turn.as_array().cloned().unwrap_or_default(),
        Turn::Result(id, _, said) => {
            vec![json!({ "type": "function_call_output", "call_id": id, "output": said })]
        }
    }
}

fn heard(response: &Value) -> Heard {
    let output = response["output"].as_array().expect("output is a list");
    let mut heard = Heard { turn: response["output"].clone(), ..Heard::default() };
    for item in output {
        match item["type"].as_str() {
            Some("message") => {
                for part in item["content"].as_array().into_iter().flatten() {
                    heard.text += &text_of(&part["text"]);
                }
            }
            Some("reasoning") => {
                let parts = ["summary", "content"].map(|name| item[name].as_array().cloned());
                for part in parts.into_iter().flatten().flatten() {
                    heard.thought += &text_of(&part["text"]);
                }
            }
            Some("function_call") => heard.calls.push(Call {
                id: text_of(&item["call_id"]),
                name: text_of(&item["name"]),
                arguments: json_of(&text_of(&item["arguments"])),
            }),
            other => panic!("an item {other:?}: {response}"),
        }
    }
    heard.end = match response["status"].as_str() {
        Some("completed") if !heard.calls.is_empty() => Some(End::Tools),
        Some("completed") => Some(End::Stop),
        Some("incomplete") => {
            assert_eq!(response["incomplete_details"]["reason"], "max_output_tokens");
            Some(End::Length)
        }
        other => panic!("status {other:?}: {response}"),
    };
    heard.cost = response["usage"]["cost"].as_f64();
    heard.output_tokens = response["usage"]["output_tokens"].as_u64().unwrap_or(0);
    heard
}
