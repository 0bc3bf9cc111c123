//! OpenAI's chat completions, as their callers write and read them.

use serde_json::{Value, json};

use super::heard::{Ask, Call, Caller, End, Heard, Turn, events, json_of, parameters, text_of};

pub struct Chat;

impl Caller for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn path(&self, _: &str, _: &Ask) -> String {
        "/api/v1/chat/completions".to_owned()
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let mut body = json!({
            "model": model, "stream": ask.stream, "max_tokens": ask.tokens_max,
            "messages": ask.turns.iter().map(message).collect::<Vec<_>>()
        });
        if ask.tool {
            body["tools"] = json!([{ "type": "function", "function": {
                "name": "weather", "description": "The weather", "parameters": parameters()
            } }]);
        }
        if let Some(schema) = &ask.schema {
            body["response_format"] = json!({ "type": "json_schema", "json_schema": {
                "name": "said", "strict": true, "schema": schema
            } });
        }
        if ask.thinks {
            body["reasoning"] = json!({ "effort": "high" });
        }
        body
    }

    fn whole(&self, body: &Value) -> Heard {
        assert_eq!(body["object"], "chat.completion", "{body}");
        let choice = &body["choices"][0];
        let message = &choice["message"];
        assert_eq!(message["role"], "assistant", "{body}");
        let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
        Heard {
            text: text_of(&message["content"]),
            thought: text_of(&message["reasoning"]),
            calls: calls.iter().map(call).collect(),
            end: end(&choice["finish_reason"]),
            cost: body["usage"]["cost"].as_f64(),
            output_tokens: body["usage"]["completion_tokens"].as_u64().unwrap_or(0),
            turn: message.clone(),
        }
    }

    fn stream(&self, text: &str) -> Heard {
        let mut heard = Heard::default();
        let (mut calls, mut details): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
        let all = events(text);
        assert_eq!(all.last().map(|(_, data)| data.as_str()), Some("[DONE]"), "{text}");
        for (_, data) in &all[..all.len() - 1] {
            let chunk = json_of(data);
            assert_eq!(chunk["object"], "chat.completion.chunk", "{data}");
            assert!(chunk.get("error").is_none(), "{data}");
            if let Some(cost) = chunk["usage"]["cost"].as_f64() {
                heard.cost = Some(cost);
                heard.output_tokens = chunk["usage"]["completion_tokens"].as_u64().unwrap_or(0);
            }
            let Some(choice) = chunk["choices"].get(0) else { continue };
            let delta = &choice["delta"];
            heard.text += &text_of(&delta["content"]);
            heard.thought += &text_of(&delta["reasoning"]);
            details.extend(delta["reasoning_details"].as_array().cloned().unwrap_or_default());
            for piece in delta["tool_calls"].as_array().cloned().unwrap_or_default() {
                grow(&mut calls, &piece);
            }
            heard.end = end(&choice["finish_reason"]).or(heard.end);
        }
        heard.calls = calls.iter().map(call).collect();
        heard.turn = json!({ "role": "assistant", "content": heard.text });
        if !details.is_empty() {
            heard.turn["reasoning_details"] = Value::Array(joined(details));
        } else if !heard.thought.is_empty() {
            heard.turn["reasoning"] = json!(heard.thought);
        }
        if !calls.is_empty() {
            heard.turn["tool_calls"] = Value::Array(calls);
        }
        heard
    }

    fn error(&self, status: u16, body: &Value) -> String {
        assert_eq!(body["error"]["code"], status, "{body}");
        text_of(&body["error"]["message"])
    }

    fn stream_error(&self, text: &str) -> Option<String> {
        let all = events(text);
        let errors: Vec<Value> = all
            .iter()
            .filter(|(_, data)| data != "[DONE]")
            .map(|(_, data)| json_of(data)["error"].clone())
            .filter(|error| !error.is_null())
            .collect();
        errors.first().map(|error| text_of(&error["message"]))
    }
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "content": text }),
        Turn::Shows(png, text) => json!({ "role": "user", "content": [
            { "type": "text", "text": text },
            { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{png}") } }
        ] }),
        Turn::Heard(turn) => turn.clone(),
        Turn::Result(id, _, said) => {
            json!({ "role": "tool", "tool_call_id": id, "content": said })
        }
    }
}

fn call(value: &Value) -> Call {
    assert_eq!(value["type"], "function", "{value}");
    Call {
        id: text_of(&value["id"]),
        name: text_of(&value["function"]["name"]),
        arguments: json_of(&text_of(&value["function"]["arguments"])),
    }
}

fn grow(calls: &mut Vec<Value>, piece: &Value) {
    let index = piece["index"].as_u64().expect("a call has an index") as usize;
    if index == calls.len() {
        let mut call = piece.clone();
        call.as_object_mut().unwrap().remove("index");
        calls.push(call);
        return;
    }
    let arguments = &mut calls[index]["function"]["arguments"];
    *arguments = json!(text_of(arguments) + &text_of(&piece["function"]["arguments"]));
}

/// Joins the pieces of each detail, as clients of the reference do.
fn joined(pieces: Vec<Value>) -> Vec<Value> {
    let mut details: Vec<Value> = Vec::new();
    for piece in pieces {
        let same = |it: &Value| it["type"] == piece["type"] && it["index"] == piece["index"];
        let Some(last) = details.last_mut().filter(|it| same(it)) else {
            details.push(piece);
            continue;
        };
        for (name, value) in piece.as_object().unwrap() {
            match (name.as_str(), last[name].as_str(), value.as_str()) {
                ("text" | "summary" | "data" | "signature", Some(held), Some(more)) => {
                    last[name] = json!(format!("{held}{more}"));
                }
                (_, None, Some(_)) => last[name] = value.clone(),
                _ => (),
            }
        }
    }
    details
}

fn end(reason: &Value) -> Option<End> {
    match reason.as_str()? {
        "stop" => Some(End::Stop),
        "length" => Some(End::Length),
        "tool_calls" => Some(End::Tools),
        other => panic!("ended for `{other}`"),
    }
}
