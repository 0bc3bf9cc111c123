//! Gemini's content generation, as its callers write and read it.

use serde_json::{Value, json};

use super::heard::{Ask, Call, Caller, End, Heard, Turn, events, json_of, text_of};

pub struct Gemini;

impl Caller for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn path(&self, model: &str, ask: &Ask) -> String {
        match ask.stream {
            true => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            false => format!("/v1beta/models/{model}:generateContent"),
        }
    }

    fn body(&self, _: &str, ask: &Ask) -> Value {
        let mut config = json!({ "maxOutputTokens": ask.tokens_max });
        if let Some(schema) = &ask.schema {
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = schema.clone();
        }
        if ask.thinks {
            config["thinkingConfig"] = json!({ "thinkingBudget": 1024, "includeThoughts": true });
        }
        let mut body = json!({
            "contents": ask.turns.iter().map(content).collect::<Vec<_>>(),
            "generationConfig": config
        });
        if ask.tool {
            body["tools"] = json!([{ "functionDeclarations": [{
                "name": "weather", "description": "The weather",
                "parameters": {
                    "type": "OBJECT", "properties": { "city": { "type": "STRING" } },
                    "required": ["city"]
                }
            }] }]);
        }
        body
    }

    fn whole(&self, body: &Value) -> Heard {
        let mut heard = Heard::default();
        let mut parts = Vec::new();
        take(&mut heard, &mut parts, body);
        finish(heard, parts)
    }

    fn stream(&self, text: &str) -> Heard {
        let mut heard = Heard::default();
        let mut parts = Vec::new();
        for (name, data) in events(text) {
            assert_eq!(name, "", "{text}");
            take(&mut heard, &mut parts, &json_of(&data));
        }
        finish(heard, parts)
    }

    fn error(&self, status: u16, body: &Value) -> String {
        assert_eq!(body["error"]["code"], status, "{body}");
        assert!(body["error"]["status"].is_string(), "{body}");
        text_of(&body["error"]["message"])
    }

    fn stream_error(&self, text: &str) -> Option<String> {
        let all = events(text);
        let errors = all.iter().map(|(_, data)| json_of(data)["error"].clone());
        errors.filter(|it| it.is_object()).map(|error| text_of(&error["message"])).next()
    }
}

fn content(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "parts": [{ "text": text }] }),
        Turn::Shows(png, text) => json!({ "role": "user", "parts": [
            { "inlineData": { "mimeType": "image/png", "data": png } }, { "text": text }
        ] }),
        Turn::Heard(turn) => turn.clone(),
        Turn::Result(id, name, said) => {
            let mut response = json!({ "name": name, "response": { "result": said } });
            if !id.is_empty() {
                response["id"] = json!(id);
            }
            json!({ "role": "user", "parts": [{ "functionResponse": response }] })
        }
    }
}

fn take(heard: &mut Heard, all: &mut Vec<Value>, body: &Value) {
    assert!(body.get("error").is_none(), "{body}");
    let candidate = &body["candidates"][0];
    for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
        assert_eq!(candidate["content"]["role"], "model", "{body}");
        if part["thought"] == true {
            heard.thought += &text_of(&part["text"]);
        } else {
            heard.text += &text_of(&part["text"]);
        }
        if let Some(call) = part.get("functionCall") {
            heard.calls.push(Call {
                id: text_of(&call["id"]),
                name: text_of(&call["name"]),
                arguments: call["args"].clone(),
            });
        }
        all.push(part.clone());
    }
    match candidate["finishReason"].as_str() {
        None => (),
        Some("STOP") => heard.end = Some(End::Stop),
        Some("MAX_TOKENS") => heard.end = Some(End::Length),
        other => panic!("ended for {other:?}"),
    }
    let usage = &body["usageMetadata"];
    if let Some(cost) = usage["cost"].as_f64() {
        heard.cost = Some(cost);
    }
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    let output = count("candidatesTokenCount") + count("thoughtsTokenCount");
    heard.output_tokens = heard.output_tokens.max(output);
}

fn finish(mut heard: Heard, parts: Vec<Value>) -> Heard {
    if heard.end == Some(End::Stop) && !heard.calls.is_empty() {
        heard.end = Some(End::Tools);
    }
    heard.turn = json!({ "role": "model", "parts": parts });
    heard
}
