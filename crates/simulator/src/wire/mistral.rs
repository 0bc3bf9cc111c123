//! Mistral's chat completions.
use super::asked::{json, list, only, text};
use super::dialect::{StreamWriter, Wire};
use super::openai_chat::OpenAiChat;
use crate::answer::{Answer, Finish};
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::script::Script;
use serde_json::{Value, json};

/// `/v1/chat/completions`, at Mistral.
pub(crate) struct Mistral;

const FIELDS: [&str; 21] = [
    "frequency_penalty",
    "max_tokens",
    "messages",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_mode",
    "random_seed",
    "reasoning_effort",
    "response_format",
    "safe_prompt",
    "stop",
    "stream",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
    "metadata",
];

fn refused(message: &str) -> Refusal {
    Refusal::new(422, message)
}

impl Wire for Mistral {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let value = json(body)?;
        only(&value, &FIELDS)?;
        if value["tool_choice"] == "required" {
            return Err(refused("tool_choice: has to be auto, none or any"));
        }
        messages(list(&value["messages"]))?;
        Ok(Ask { include_usage: true, ..OpenAiChat.read(body)? })
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let mut body = opened(answer, "chat.completion");
        if let Some(choice) = answer.choices.first() {
            let said = &choice.text.whole;
            let calls: Vec<Value> = choice
                .calls
                .iter()
                .map(|it| call(it.number, &it.name, &it.arguments.whole))
                .collect();
            let mut message = json!({"role": "assistant", "content": said, "tool_calls": null});
            if !choice.reasoning.whole.is_empty() {
                let thought = thought(&choice.reasoning.whole);
                message["content"] = json!([thought, {"type": "text", "text": said}]);
            }
            if !calls.is_empty() {
                message["tool_calls"] = calls.into();
            }
            let finish = word(choice.finish);
            body["choices"] = json!([{"index": 0, "message": message, "finish_reason": finish}]);
        }
        body["usage"] = usage(answer);
        body.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, answer: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { answer: answer.clone(), calls: Vec::new(), finish: None })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        error(refusal).to_string().into_bytes()
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        format!("data: {}\n\n", error(refusal)).into_bytes()
    }
}

/// Checks what Mistral insists on in a conversation.
fn messages(messages: &[Value]) -> Result<(), Refusal> {
    let mut last = "";
    for message in messages {
        let role = text(&message["role"]);
        if last == "tool" && role == "user" {
            return Err(refused("Unexpected role 'user' after role 'tool'"));
        }
        let ids = list(&message["tool_calls"]).iter().map(|call| &call["id"]);
        let own = message.get("tool_call_id");
        if ids.chain(own).any(|id| !is_short(text(id))) {
            return Err(refused("Tool call id has to be nine of a-z, A-Z, 0-9"));
        }
        for part in list(&message["content"]) {
            let known = ["text", "image_url", "thinking", "document_url", "input_audio"];
            if !known.contains(&text(&part["type"])) {
                return Err(refused("content: unknown type of a part"));
            }
        }
        if message.get("reasoning").is_some() || message.get("reasoning_details").is_some() {
            return Err(refused("reasoning: extra inputs are not permitted"));
        }
        last = role;
    }
    let begins = messages.last().is_some_and(|it| it["prefix"] == true);
    if last == "assistant" && !begins {
        return Err(refused("Expected last role User or Tool (or Assistant with prefix True)"));
    }
    Ok(())
}

fn is_short(id: &str) -> bool {
    id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn opened(answer: &Answer, object: &str) -> Value {
    json!({
        "id": format!("{:032x}", answer.number), "object": object, "created": answer.created_s,
        "model": answer.model, "choices": []
    })
}

fn thought(text: &str) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": text}]})
}

fn call(number: u64, name: &str, arguments: &str) -> Value {
    let id = format!("{:09x}", number & 0xf_ffff_ffff);
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn word(finish: Option<Finish>) -> Value {
    match finish {
        Some(Finish::Stop) => json!("stop"),
        Some(Finish::Length) => json!("length"),
        Some(Finish::ToolCalls) => json!("tool_calls"),
        None => Value::Null,
    }
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "prompt_tokens": usage.prompt, "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached}
    })
}

fn error(refusal: &Refusal) -> Value {
    json!({"object": "error", "message": refusal.message, "type": "invalid_request_error",
        "param": refusal.param, "code": "1500", "raw_status_code": refusal.status})
}

/// Writes one answer as chunks: calls whole, the usage beside the finish.
struct Writer {
    answer: Answer,
    calls: Vec<(u64, String, String)>,
    finish: Option<Value>,
}

impl Writer {
    fn chunk(&self, delta: &Value, finish: &Value, usage: Option<Value>, out: &mut Vec<u8>) {
        let mut chunk = opened(&self.answer, "chat.completion.chunk");
        chunk["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        out.extend(format!("data: {chunk}\n\n").into_bytes());
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => {
                let delta = json!({"role": "assistant", "content": ""});
                self.chunk(&delta, &Value::Null, None, out);
            }
            Event::Reasoning { text, .. } => {
                self.chunk(&json!({"content": [thought(text)]}), &Value::Null, None, out);
            }
            Event::Text { text, .. } => {
                self.chunk(&json!({"content": text}), &Value::Null, None, out);
            }
            Event::Call { number, name, .. } => {
                self.calls.push((*number, name.to_string(), String::new()));
            }
            Event::Arguments { fragment, .. } => {
                if let Some((_, _, arguments)) = self.calls.last_mut() {
                    arguments.push_str(fragment);
                }
            }
            Event::Finish { finish, .. } => self.finish = Some(word(*finish)),
            Event::Usage => {
                let calls = std::mem::take(&mut self.calls);
                let calls = (0_u32..).zip(calls).map(|(index, (number, name, arguments))| {
                    let mut call = call(number, &name, &arguments);
                    call["index"] = json!(index);
                    call
                });
                let calls: Vec<Value> = calls.collect();
                let mut delta = json!({"content": ""});
                if !calls.is_empty() {
                    delta["tool_calls"] = calls.into();
                }
                let finish = self.finish.take().unwrap_or_default();
                self.chunk(&delta, &finish, Some(usage(&self.answer)), out);
            }
            Event::End => out.extend(b"data: [DONE]\n\n"),
        }
    }
}
