//! Ollama's chat.
use super::asked::{hear, json, list, text, texts, whole};
use super::dialect::{StreamWriter, Wire};
use crate::answer::{Answer, Finish};
use crate::ask::{Ask, Output, Refusal, Tool};
use crate::event::Event;
use crate::script::Script;
use serde_json::{Value, json};

/// `/api/chat`.
pub(crate) struct Ollama;

impl Wire for Ollama {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        let options = &body["options"];
        let mut ask = Ask {
            model: text(&body["model"]).to_owned(),
            stream: body["stream"] != false,
            include_usage: true,
            output_tokens_max: whole(&options["num_predict"]),
            stop: texts(&options["stop"]),
            tools: list(&body["tools"])
                .iter()
                .map(|tool| Tool {
                    name: text(&tool["function"]["name"]).to_owned(),
                    schema: tool["function"]["parameters"].clone(),
                })
                .collect(),
            output: match &body["format"] {
                Value::String(_) => Output::Object,
                schema @ Value::Object(_) => Output::Schema(schema.clone()),
                _ => Output::Text,
            },
            ..Ask::default()
        };
        for message in list(&body["messages"]) {
            if !message["content"].is_string() {
                return Err(Refusal::new(400, "content has to be a string"));
            }
            for image in texts(&message["images"]) {
                if image.contains(':') {
                    return Err(Refusal::new(400, "illegal base64 data at input byte 4"));
                }
            }
            for call in list(&message["tool_calls"]) {
                if !call["function"]["arguments"].is_object() {
                    return Err(Refusal::new(400, "arguments have to be an object"));
                }
            }
            let role = text(&message["role"]);
            hear(&mut ask, text(&message["content"]), role == "user", role == "tool");
        }
        Ok(ask)
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let mut message = json!({"role": "assistant", "content": ""});
        if let Some(choice) = answer.choices.first() {
            message["content"] = json!(choice.text.whole);
            if !choice.reasoning.whole.is_empty() {
                message["thinking"] = json!(choice.reasoning.whole);
            }
            let calls = choice.calls.iter().map(|it| call(&it.name, &it.arguments.whole));
            let calls: Vec<Value> = calls.collect();
            if !calls.is_empty() {
                message["tool_calls"] = calls.into();
            }
        }
        last(answer, &message).to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, answer: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { answer: answer.clone(), call: None })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        json!({"error": refusal.message}).to_string().into_bytes()
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        format!("{}\n", json!({"error": refusal.message})).into_bytes()
    }
}

fn call(name: &str, arguments: &str) -> Value {
    let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
    json!({"function": {"name": name, "arguments": arguments}})
}

fn line(answer: &Answer, message: &Value) -> Value {
    let at = format!("2026-01-01T00:00:00.{:09}Z", answer.number % 1_000_000_000);
    json!({"model": answer.model, "created_at": at, "message": message, "done": false})
}

fn last(answer: &Answer, message: &Value) -> Value {
    let mut line = line(answer, message);
    let cut = answer.choices.first().is_some_and(|it| it.finish == Some(Finish::Length));
    line["done"] = json!(true);
    line["done_reason"] = json!(if cut { "length" } else { "stop" });
    line["prompt_eval_count"] = json!(answer.usage.prompt);
    line["eval_count"] = json!(answer.usage.completion);
    line
}

/// Writes one answer as lines.
struct Writer {
    answer: Answer,
    /// The call whose arguments are still gathered: they are told whole.
    call: Option<(String, String)>,
}

impl Writer {
    fn tell(&self, message: &Value, out: &mut Vec<u8>) {
        out.extend(format!("{}\n", line(&self.answer, message)).into_bytes());
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some((name, arguments)) = self.call.take() {
            let calls = json!([call(&name, &arguments)]);
            self.tell(&json!({"role": "assistant", "content": "", "tool_calls": calls}), out);
        }
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } | Event::Usage => {}
            Event::Reasoning { text, .. } => {
                self.tell(&json!({"role": "assistant", "content": "", "thinking": text}), out);
            }
            Event::Text { text, .. } => {
                self.tell(&json!({"role": "assistant", "content": text}), out);
            }
            Event::Call { name, .. } => {
                self.flush(out);
                self.call = Some((name.to_string(), String::new()));
            }
            Event::Arguments { fragment, .. } => {
                if let Some((_, arguments)) = &mut self.call {
                    arguments.push_str(fragment);
                }
            }
            Event::Finish { .. } => self.flush(out),
            Event::End => {
                let blank = json!({"role": "assistant", "content": ""});
                out.extend(format!("{}\n", last(&self.answer, &blank)).into_bytes());
            }
        }
    }
}
