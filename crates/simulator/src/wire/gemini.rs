//! Gemini's content generation, at AI Studio and under Vertex's paths.
use super::asked::{hear, json, list, only, text, texts, whole};
use super::dialect::{StreamWriter, Wire, bearer};
use super::media;
use crate::answer::{Answer, Finish};
use crate::ask::{Ask, Output, Refusal, Tool, ToolChoice};
use crate::event::Event;
use crate::request::Request;
use crate::script::Script;
use serde_json::{Value, json};

/// `…/models/{model}:generateContent` and its streaming twin.
pub(crate) struct Gemini;

/// What calls are signed with, and taken back by.
const SIGNATURE: &str = "c2ltdWxhdGVkLXNpZ25hdHVyZQ==";
/// What stands for a signature that there never was.
const UNSIGNED: &str = "skip_thought_signature_validator";

const FIELDS: [&str; 8] = [
    "cachedContent",
    "contents",
    "generationConfig",
    "labels",
    "safetySettings",
    "systemInstruction",
    "toolConfig",
    "tools",
];

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(400, message)
}

impl Wire for Gemini {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        only(&body, &FIELDS)?;
        let config = &body["generationConfig"];
        let thinking = &config["thinkingConfig"];
        if thinking.get("thinkingBudget").is_some() && thinking.get("thinkingLevel").is_some() {
            return Err(refused("thinking_budget and thinking_level cannot both be set."));
        }
        let calling = &body["toolConfig"]["functionCallingConfig"];
        let format = &config["responseJsonSchema"];
        let mut ask = Ask {
            include_usage: true,
            output_tokens_max: whole(&config["maxOutputTokens"]),
            stop: texts(&config["stopSequences"]),
            tools: list(&body["tools"])
                .iter()
                .flat_map(|tool| list(&tool["functionDeclarations"]))
                .map(|declared| Tool {
                    name: text(&declared["name"]).to_owned(),
                    schema: schema(declared),
                })
                .collect(),
            tool_choice: match (text(&calling["mode"]), texts(&calling["allowedFunctionNames"])) {
                ("NONE", _) => ToolChoice::None,
                ("ANY", names) if names.len() == 1 => ToolChoice::Named(names[0].clone()),
                ("ANY", _) => ToolChoice::Required,
                _ => ToolChoice::Auto,
            },
            output: match (format.is_object(), text(&config["responseMimeType"])) {
                (true, "application/json") => Output::Schema(format.clone()),
                (true, _) => return Err(refused("a schema needs response_mime_type")),
                (false, "application/json") => Output::Object,
                (false, _) => Output::Text,
            },
            about: config["responseModalities"].clone(),
            ..Ask::default()
        };
        contents(list(&body["contents"]), thinking.is_object(), &mut ask)?;
        Ok(ask)
    }

    fn read_at(&self, path: &str, body: &[u8]) -> Result<Ask, Refusal> {
        let (model, verb) = path
            .rsplit_once("/models/")
            .and_then(|(_, rest)| rest.rsplit_once(':'))
            .ok_or_else(|| Refusal::new(404, "no model"))?;
        let (model, stream) = (model.to_owned(), verb == "streamGenerateContent");
        Ok(Ask { model, stream, ..self.read(body)? })
    }

    fn admits(&self, wanted: &str, request: &Request) -> bool {
        request.header("x-goog-api-key") == Some(wanted) || bearer(request) == Some(wanted)
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let candidates: Vec<Value> = (0_u32..)
            .zip(&answer.choices)
            .map(|(index, choice)| {
                let mut parts = Vec::new();
                if !choice.reasoning.whole.is_empty() {
                    parts.push(json!({"text": choice.reasoning.whole, "thought": true}));
                }
                let wanted = texts(&answer.about);
                let makes = |word: &str| wanted.iter().any(|it| it == word);
                if makes("IMAGE") {
                    parts.push(inline("image/png", media::PNG));
                }
                if makes("AUDIO") {
                    parts.push(inline("audio/L16;codec=pcm;rate=24000", media::SAMPLES));
                } else if !choice.text.whole.is_empty() {
                    parts.push(json!({"text": choice.text.whole}));
                }
                for (place, call) in choice.calls.iter().enumerate() {
                    parts.push(function_call(&call.name, &call.arguments.whole, place == 0));
                }
                json!({
                    "content": {"role": "model", "parts": parts}, "index": index,
                    "finishReason": finish_reason(choice.finish)
                })
            })
            .collect();
        let mut body = frame(answer);
        body["candidates"] = candidates.into();
        body["usageMetadata"] = usage(answer);
        body.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, answer: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { answer: answer.clone(), call: None, calls: 0, finish: Value::Null })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        error(refusal).to_string().into_bytes()
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        format!("data: {}\r\n\r\n", error(refusal)).into_bytes()
    }
}

fn inline(kind: &str, data: &str) -> Value {
    json!({"inlineData": {"mimeType": kind, "data": data}})
}

fn schema(declared: &Value) -> Value {
    match &declared["parametersJsonSchema"] {
        Value::Null => lower(&declared["parameters"]),
        schema => schema.clone(),
    }
}

/// Google's words for types, as JSON Schema has them.
fn lower(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| match value {
                Value::String(word) if name == "type" => {
                    (name.clone(), json!(word.to_ascii_lowercase()))
                }
                value => (name.clone(), lower(value)),
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn contents(contents: &[Value], thinks: bool, ask: &mut Ask) -> Result<(), Refusal> {
    if contents.first().is_none_or(|first| first["role"] == "model") {
        return Err(refused("contents: the first turn has to be the user's"));
    }
    let mut open: Vec<String> = Vec::new();
    for turn in contents {
        let parts = list(&turn["parts"]);
        if parts.is_empty() {
            return Err(refused("contents.parts must not be empty."));
        }
        let (mut said, mut result) = (String::new(), None);
        let mut first_call = true;
        for part in parts {
            if part["thought"] != true {
                said.push_str(text(&part["text"]));
            }
            if let Some(call) = part.get("functionCall") {
                let signed = [SIGNATURE, UNSIGNED].contains(&text(&part["thoughtSignature"]));
                if thinks && first_call && !signed {
                    let why = "Function call is missing a thought_signature in functionCall parts.";
                    return Err(refused(why));
                }
                first_call = false;
                open.push(text(&call["name"]).to_owned());
            }
            if let Some(response) = part.get("functionResponse") {
                let place = open.iter().position(|name| response["name"] == name.as_str());
                let Some(place) = place.filter(|_| response["response"].is_object()) else {
                    return Err(refused("functionResponse without its functionCall"));
                };
                open.remove(place);
                result = Some(match &response["response"]["result"] {
                    Value::String(said) => said.clone(),
                    _ => response["response"].to_string(),
                });
            }
        }
        let is_result = result.is_some();
        let is_user = turn["role"] != "model" && !is_result;
        hear(ask, &result.unwrap_or(said), is_user, is_result);
    }
    Ok(())
}

fn frame(answer: &Answer) -> Value {
    json!({
        "modelVersion": answer.model, "responseId": format!("r{:016x}", answer.number)
    })
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "promptTokenCount": usage.prompt, "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.completion - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.prompt + usage.completion,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    })
}

fn function_call(name: &str, arguments: &str, signs: bool) -> Value {
    let args: Value = serde_json::from_str(arguments).unwrap_or_default();
    let mut part = json!({"functionCall": {"name": name, "args": args}});
    if signs {
        part["thoughtSignature"] = json!(SIGNATURE);
    }
    part
}

fn finish_reason(finish: Option<Finish>) -> Value {
    match finish {
        Some(Finish::Stop | Finish::ToolCalls) => json!("STOP"),
        Some(Finish::Length) => json!("MAX_TOKENS"),
        None => Value::Null,
    }
}

fn error(refusal: &Refusal) -> Value {
    let status = match refusal.status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        500..=599 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    json!({"error": {"code": refusal.status, "message": refusal.message, "status": status}})
}

/// Writes one answer as chunks.
struct Writer {
    answer: Answer,
    /// The call whose arguments are still gathered: they are told whole.
    call: Option<(String, String)>,
    calls: u32,
    finish: Value,
}

impl Writer {
    fn chunk(&self, parts: &Value, finish: &Value, out: &mut Vec<u8>) {
        let mut chunk = frame(&self.answer);
        let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
        let mut told = json!({"promptTokenCount": self.answer.usage.prompt});
        if finish.is_string() {
            candidate["finishReason"] = finish.clone();
            told = usage(&self.answer);
        }
        chunk["candidates"] = json!([candidate]);
        chunk["usageMetadata"] = told;
        out.extend(format!("data: {chunk}\r\n\r\n").into_bytes());
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some((name, arguments)) = self.call.take() {
            let part = function_call(&name, &arguments, self.calls == 0);
            self.calls += 1;
            self.chunk(&json!([part]), &Value::Null, out);
        }
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } | Event::Usage => {}
            Event::Reasoning { text, .. } => {
                self.chunk(&json!([{"text": text, "thought": true}]), &Value::Null, out);
            }
            Event::Text { text, .. } => self.chunk(&json!([{"text": text}]), &Value::Null, out),
            Event::Call { name, .. } => {
                self.flush(out);
                self.call = Some((name.to_string(), String::new()));
            }
            Event::Arguments { fragment, .. } => {
                if let Some((_, arguments)) = &mut self.call {
                    arguments.push_str(fragment);
                }
            }
            Event::Finish { finish, .. } => {
                self.flush(out);
                self.finish = finish_reason(*finish);
            }
            Event::End => {
                let finish = self.finish.clone();
                self.chunk(&json!([{"text": ""}]), &finish, out);
            }
        }
    }
}
