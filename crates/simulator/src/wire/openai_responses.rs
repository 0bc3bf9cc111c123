//! OpenAI's responses.
use super::asked::{hear, json, list, text, whole};
use super::dialect::{StreamWriter, Wire};
use super::openai;
use crate::answer::{Answer, Choice, Finish, ToolCall};
use crate::ask::{Ask, Output, Refusal, Tool, ToolChoice};
use crate::event::Event;
use crate::script::Script;
use serde_json::{Value, json};

/// `/v1/responses`.
pub(crate) struct OpenAiResponses;

/// What thinking is sealed in, and taken back by.
const SEALED: &str = "c2ltdWxhdGVkLXRob3VnaHQ=";

fn refused(param: &'static str, message: impl Into<String>) -> Refusal {
    openai::refused(param, message)
}

impl Wire for OpenAiResponses {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        for name in ["messages", "stop", "n", "seed", "max_tokens", "response_format"] {
            if body.get(name).is_some() {
                let message = format!("Unsupported parameter: '{name}'.");
                return Err(Refusal {
                    code: Some("unsupported_parameter".into()),
                    ..Refusal::new(400, message)
                });
            }
        }
        if body["store"] != false {
            return Err(refused("store", "This stand-in keeps nothing: 'store' has to be false."));
        }
        let max = whole(&body["max_output_tokens"]);
        if max.is_some_and(|max| max < 16) {
            return Err(refused("max_output_tokens", "Invalid 'max_output_tokens': at least 16."));
        }
        let choice = &body["tool_choice"];
        let format = &body["text"]["format"];
        let mut ask = Ask {
            model: text(&body["model"]).to_owned(),
            stream: body["stream"] == true,
            include_usage: true,
            output_tokens_max: max,
            tools: list(&body["tools"])
                .iter()
                .filter(|tool| tool["type"] == "function" || tool["type"] == "custom")
                .map(tool)
                .collect(),
            tool_choice: match choice.as_str() {
                Some("none") => ToolChoice::None,
                Some("required") => ToolChoice::Required,
                _ if choice["name"].is_string() => ToolChoice::Named(text(&choice["name"]).into()),
                _ => ToolChoice::Auto,
            },
            one_tool_at_a_time: body["parallel_tool_calls"] == false,
            output: match text(&format["type"]) {
                "json_schema" => Output::Schema(format["schema"].clone()),
                "json_object" => Output::Object,
                _ => Output::Text,
            },
            ..Ask::default()
        };
        ask.prompt_bytes = text(&body["instructions"]).len();
        match &body["input"] {
            Value::String(said) => hear(&mut ask, said, true, false),
            Value::Array(items) => items_of(items, &mut ask)?,
            _ => return Err(refused("input", "Missing required parameter: 'input'.")),
        }
        Ok(ask)
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let mut response = response(answer, "completed");
        if let Some(choice) = answer.choices.first() {
            response["output"] = items(answer, choice).into();
            end(&mut response, choice);
        }
        response["usage"] = usage(answer);
        response.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, answer: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { answer: answer.clone(), open: Open::None, done: Vec::new(), sequence: 0 })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error(refusal)
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        let event = json!({
            "type": "error", "code": "server_error", "message": refusal.message, "param": null,
            "sequence_number": 99
        });
        format!("event: error\ndata: {event}\n\n").into_bytes()
    }
}

fn tool(tool: &Value) -> Tool {
    let schema = match &tool["parameters"] {
        _ if tool["type"] == "custom" => Value::Null,
        Value::Null => json!({"type": "object"}),
        schema => schema.clone(),
    };
    Tool { name: text(&tool["name"]).to_owned(), schema }
}

fn items_of(items: &[Value], ask: &mut Ask) -> Result<(), Refusal> {
    let mut calls: Vec<&str> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match item["type"].as_str().unwrap_or("message") {
            "message" => {
                let said: String = match &item["content"] {
                    Value::String(said) => said.clone(),
                    parts => list(parts).iter().map(|part| text(&part["text"])).collect(),
                };
                let wants = if item["role"] == "assistant" { "output_text" } else { "input_" };
                let fits = |part: &Value| {
                    let kind = text(&part["type"]);
                    kind.starts_with(wants) || kind == "refusal"
                };
                if !list(&item["content"]).iter().all(fits) {
                    return Err(refused(
                        "input",
                        "Invalid value of a part's 'type' for this role.",
                    ));
                }
                hear(ask, &said, item["role"] == "user", false);
            }
            "reasoning" => {
                if item["encrypted_content"] != SEALED {
                    return Err(refused("input", "The encrypted content could not be verified."));
                }
                let next = items.get(place + 1).map(|next| text(&next["type"]));
                let own = ["message", "function_call", "custom_tool_call", "reasoning"];
                if !next.is_some_and(|next| own.contains(&next)) {
                    return Err(refused("input", "A 'reasoning' item without its following item."));
                }
            }
            "function_call" | "custom_tool_call" => calls.push(text(&item["call_id"])),
            "function_call_output" | "custom_tool_call_output" => {
                if !calls.contains(&text(&item["call_id"])) {
                    return Err(refused("input", "No tool call found for function call output."));
                }
                let said = match &item["output"] {
                    Value::String(said) => said.clone(),
                    parts => list(parts).iter().map(|part| text(&part["text"])).collect(),
                };
                hear(ask, &said, false, true);
            }
            other => return Err(refused("input", format!("Invalid value: '{other}'."))),
        }
    }
    Ok(())
}

fn response(answer: &Answer, status: &str) -> Value {
    json!({
        "id": format!("resp_{:016x}", answer.number), "object": "response",
        "created_at": answer.created_s, "status": status, "error": null,
        "incomplete_details": null, "model": answer.model, "output": [], "usage": null,
        "instructions": null, "metadata": {}, "parallel_tool_calls": true, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "store": false,
        "text": {"format": {"type": "text"}},
    })
}

fn end(response: &mut Value, choice: &Choice) {
    if choice.finish == Some(Finish::Length) {
        response["status"] = json!("incomplete");
        response["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "input_tokens": usage.prompt, "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.completion,
    })
}

fn items(answer: &Answer, choice: &Choice) -> Vec<Value> {
    let mut items = Vec::new();
    if !choice.reasoning.whole.is_empty() {
        items.push(thought(answer, &choice.reasoning.whole));
    }
    if !choice.text.whole.is_empty() {
        items.push(message(answer, &choice.text.whole, "completed"));
    }
    for call in &choice.calls {
        items.push(call_item(call, &call.arguments.whole, "completed"));
    }
    items
}

fn thought(answer: &Answer, text: &str) -> Value {
    json!({
        "type": "reasoning", "id": format!("rs_{:016x}", answer.number),
        "summary": [{"type": "summary_text", "text": text}], "encrypted_content": SEALED
    })
}

fn message(answer: &Answer, text: &str, status: &str) -> Value {
    let content = match status {
        "completed" => json!([part(text)]),
        _ => json!([]),
    };
    json!({
        "type": "message", "id": format!("msg_{:016x}", answer.number), "status": status,
        "role": "assistant", "content": content
    })
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn call_item(call: &ToolCall, said: &str, status: &str) -> Value {
    let ToolCall { number, name, takes_text, .. } = call;
    let (kind, id, field) = match takes_text {
        true => ("custom_tool_call", format!("ctc_{number:016x}"), "input"),
        false => ("function_call", format!("fc_{number:016x}"), "arguments"),
    };
    let mut item = json!({
        "type": kind, "id": id, "status": status, "call_id": format!("call_{number:016x}"),
        "name": name
    });
    item[field] = json!(said);
    item
}

enum Open {
    None,
    Thought(String),
    Message(String),
    Call(ToolCall, String),
}

/// Writes one response as events.
struct Writer {
    answer: Answer,
    open: Open,
    done: Vec<Value>,
    sequence: u64,
}

impl Writer {
    fn tell(&mut self, name: &str, mut event: Value, out: &mut Vec<u8>) {
        event["type"] = json!(name);
        event["sequence_number"] = json!(self.sequence);
        self.sequence += 1;
        out.extend(format!("event: {name}\ndata: {event}\n\n").into_bytes());
    }

    fn at(&self, mut event: Value, item: &Value) -> Value {
        event["item_id"] = item["id"].clone();
        event["output_index"] = json!(self.done.len());
        event
    }

    fn added(&mut self, item: &Value, out: &mut Vec<u8>) {
        let event = json!({"output_index": self.done.len(), "item": item});
        self.tell("response.output_item.added", event, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let item = match std::mem::replace(&mut self.open, Open::None) {
            Open::None => return,
            Open::Thought(text) => {
                let item = thought(&self.answer, &text);
                let done = self.at(json!({"summary_index": 0, "text": text}), &item);
                self.tell("response.reasoning_summary_text.done", done, out);
                let part = json!({"type": "summary_text", "text": text});
                let done = self.at(json!({"summary_index": 0, "part": part}), &item);
                self.tell("response.reasoning_summary_part.done", done, out);
                item
            }
            Open::Message(text) => {
                let item = message(&self.answer, &text, "completed");
                let done = json!({"content_index": 0, "text": text, "logprobs": []});
                let done = self.at(done, &item);
                self.tell("response.output_text.done", done, out);
                let done = self.at(json!({"content_index": 0, "part": part(&text)}), &item);
                self.tell("response.content_part.done", done, out);
                item
            }
            Open::Call(call, said) => {
                let item = call_item(&call, &said, "completed");
                let (name, done) = match call.takes_text {
                    true => ("response.custom_tool_call_input.done", json!({"input": said})),
                    false => (
                        "response.function_call_arguments.done",
                        json!({"arguments": said, "name": call.name}),
                    ),
                };
                let done = self.at(done, &item);
                self.tell(name, done, out);
                item
            }
        };
        let event = json!({"output_index": self.done.len(), "item": item});
        self.tell("response.output_item.done", event, out);
        self.done.push(item);
    }
}

impl Writer {
    fn begin_call(&mut self, number: u64, out: &mut Vec<u8>) {
        self.close(out);
        let choice = self.answer.choices.first();
        let mut calls = choice.into_iter().flat_map(|choice| &choice.calls);
        let Some(call) = calls.find(|call| call.number == number).cloned() else { return };
        self.added(&call_item(&call, "", "in_progress"), out);
        self.open = Open::Call(call, String::new());
    }

    fn grow_call(&mut self, fragment: &str, out: &mut Vec<u8>) {
        let Open::Call(call, held) = &mut self.open else { return };
        held.push_str(fragment);
        let name = match call.takes_text {
            true => "response.custom_tool_call_input.delta",
            false => "response.function_call_arguments.delta",
        };
        let item = call_item(call, "", "in_progress");
        let delta = self.at(json!({"delta": fragment}), &item);
        self.tell(name, delta, out);
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => {
                let begun = response(&self.answer, "in_progress");
                self.tell("response.created", json!({"response": begun}), out);
                self.tell("response.in_progress", json!({"response": begun}), out);
            }
            Event::Reasoning { text, .. } => {
                let item = thought(&self.answer, "");
                if !matches!(self.open, Open::Thought(_)) {
                    self.close(out);
                    let begun = json!({"type": "reasoning", "id": item["id"], "summary": []});
                    self.added(&begun, out);
                    let part = json!({"type": "summary_text", "text": ""});
                    let added = self.at(json!({"summary_index": 0, "part": part}), &item);
                    self.tell("response.reasoning_summary_part.added", added, out);
                    self.open = Open::Thought(String::new());
                }
                if let Open::Thought(held) = &mut self.open {
                    held.push_str(text);
                }
                let delta = self.at(json!({"summary_index": 0, "delta": text}), &item);
                self.tell("response.reasoning_summary_text.delta", delta, out);
            }
            Event::Text { text, .. } => {
                let item = message(&self.answer, "", "in_progress");
                if !matches!(self.open, Open::Message(_)) {
                    self.close(out);
                    self.added(&item, out);
                    let added = self.at(json!({"content_index": 0, "part": part("")}), &item);
                    self.tell("response.content_part.added", added, out);
                    self.open = Open::Message(String::new());
                }
                if let Open::Message(held) = &mut self.open {
                    held.push_str(text);
                }
                let delta = json!({"content_index": 0, "delta": text, "logprobs": []});
                let delta = self.at(delta, &item);
                self.tell("response.output_text.delta", delta, out);
            }
            Event::Call { number, .. } => self.begin_call(*number, out),
            Event::Arguments { fragment, .. } => self.grow_call(fragment, out),
            Event::Finish { .. } => self.close(out),
            Event::Usage => {}
            Event::End => {
                let mut whole = response(&self.answer, "completed");
                whole["output"] = std::mem::take(&mut self.done).into();
                whole["usage"] = usage(&self.answer);
                if let Some(choice) = self.answer.choices.first() {
                    end(&mut whole, choice);
                }
                let cut = whole["status"] == "incomplete";
                let name = if cut { "response.incomplete" } else { "response.completed" };
                self.tell(name, json!({"response": whole}), out);
            }
        }
    }
}
