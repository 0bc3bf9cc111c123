//! SAP's orchestration: chat completions in an envelope of its own.
use super::asked::json as parsed;
use super::dialect::{StreamWriter, Wire, bearer};
use super::openai_chat::OpenAiChat;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::request::Request;
use crate::script::Script;
use serde_json::{Value, json};

/// `/v2/inference/deployments/{id}/v2/completion`.
pub(crate) struct SapOrchestration;

impl Wire for SapOrchestration {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = parsed(body)?;
        let config = &body["config"];
        let templating = &config["modules"]["prompt_templating"];
        let (prompt, model) = (&templating["prompt"], &templating["model"]);
        let mut inner = model["params"].clone();
        if !inner.is_object() || inner.get("messages").is_some() || inner.get("model").is_some() {
            return Err(Refusal::new(400, "model.params: has to be an object of parameters"));
        }
        inner["model"] = model["name"].clone();
        inner["messages"] = prompt["template"].clone();
        for name in ["tools", "response_format"] {
            if !prompt[name].is_null() {
                inner[name] = prompt[name].clone();
            }
        }
        let ask = OpenAiChat.read(inner.to_string().as_bytes())?;
        let stream = config["stream"]["enabled"] == true;
        Ok(Ask { stream, include_usage: true, ..ask })
    }

    fn admits(&self, wanted: &str, request: &Request) -> bool {
        bearer(request) == Some(wanted) && request.header("ai-resource-group").is_some()
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let inner = OpenAiChat.whole(answer, script);
        wrapped(&serde_json::from_slice(&inner).unwrap_or_default()).to_string().into_bytes()
    }

    fn stream(&self, ask: &Ask, answer: &Answer, script: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer(OpenAiChat.stream(ask, answer, script)))
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        error(refusal).to_string().into_bytes()
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        format!("data: {}\n\n", error(refusal)).into_bytes()
    }
}

fn wrapped(inner: &Value) -> Value {
    json!({"request_id": "sim", "intermediate_results": {"llm": inner}, "final_result": inner})
}

fn error(refusal: &Refusal) -> Value {
    json!({"error": {"request_id": "sim", "code": refusal.status, "message": refusal.message,
        "location": "LLM Module"}})
}

/// Writes chunks, each in its envelope.
struct Writer(Box<dyn StreamWriter>);

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        let mut chunks = Vec::new();
        self.0.write(event, &mut chunks);
        for chunk in String::from_utf8_lossy(&chunks).split_terminator("\n\n") {
            let data = chunk.strip_prefix("data: ").unwrap_or(chunk);
            let data = match serde_json::from_str::<Value>(data) {
                Ok(inner) => wrapped(&inner).to_string(),
                Err(_) => data.to_owned(),
            };
            out.extend(format!("data: {data}\n\n").into_bytes());
        }
    }
}
