//! Chat completions as Azure serves them: with what its filters found.
use super::dialect::{StreamWriter, Wire, bearer};
use super::openai_chat::OpenAiChat;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::request::Request;
use crate::script::Script;
use serde_json::{Value, json};

/// `/openai/v1/chat/completions`, and the classic address of a deployment.
pub(crate) struct AzureOpenAi;

impl Wire for AzureOpenAi {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        OpenAiChat.read(body)
    }

    fn admits(&self, wanted: &str, request: &Request) -> bool {
        request.header("api-key") == Some(wanted) || bearer(request) == Some(wanted)
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let mut body: Value =
            serde_json::from_slice(&OpenAiChat.whole(answer, script)).unwrap_or_default();
        for choice in body["choices"].as_array_mut().into_iter().flatten() {
            choice["content_filter_results"] = found();
        }
        body["prompt_filter_results"] = prompt();
        body.to_string().into_bytes()
    }

    fn stream(&self, ask: &Ask, answer: &Answer, script: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { chunks: OpenAiChat.stream(ask, answer, script), begun: false })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        OpenAiChat.error(refusal)
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        OpenAiChat.error_event(refusal)
    }
}

fn found() -> Value {
    json!({"hate": {"filtered": false, "severity": "safe"},
        "violence": {"filtered": false, "severity": "safe"}})
}

fn prompt() -> Value {
    json!([{"prompt_index": 0, "content_filter_results": found()}])
}

/// Writes chunks behind the one that says what was found in the prompt.
struct Writer {
    chunks: Box<dyn StreamWriter>,
    begun: bool,
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            let chunk = json!({"id": "", "object": "", "created": 0, "model": "", "choices": [],
                "prompt_filter_results": prompt()});
            out.extend(format!("data: {chunk}\n\n").into_bytes());
        }
        self.chunks.write(event, out);
    }
}
