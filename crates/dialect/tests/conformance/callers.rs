//! The dialects that callers speak: how each asks, and what a well-formed stream of it looks like.

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Exchange, Stamp, Target};
use dialect::registry::{decode, exchange};
use domain::catalog::{Dialect, Endpoint};
use serde_json::{Value, json};

/// A caller who speaks one dialect.
pub(crate) struct Caller {
    pub(crate) dialect: Dialect,
    door: fn() -> Door,
    body: fn() -> Value,
    read: fn(&str) -> Read<Told>,
}

/// What was read, or why it is not in good form.
pub(crate) type Read<T> = Result<T, String>;

/// How often a stream ended well, how often badly, and what in it is out of order.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) faults: Vec<String>,
    pub(crate) ends: usize,
    pub(crate) errors: usize,
}

pub(crate) static CHAT: Caller = Caller {
    dialect: Dialect::OpenaiChat,
    door: || Door::ChatCompletions,
    body: || json!({"model": "acme/tiny", "messages": [{"role": "user", "content": "Why?"}]}),
    read: chat,
};

static RESPONSES: Caller = Caller {
    dialect: Dialect::OpenaiResponses,
    door: || Door::Responses,
    body: || json!({"model": "acme/tiny", "input": "Why?"}),
    read: responses,
};

static MESSAGES: Caller = Caller {
    dialect: Dialect::AnthropicMessages,
    door: || Door::Messages,
    body: || {
        json!({
            "model": "acme/tiny", "max_tokens": 99,
            "messages": [{"role": "user", "content": "Why?"}]
        })
    },
    read: messages,
};

static GEMINI: Caller = Caller {
    dialect: Dialect::GoogleGemini,
    door: || Door::Gemini { model: "acme/tiny".to_owned(), streams: true, sse: true },
    body: || {
        json!({
            "contents": [{"role": "user", "parts": [{"text": "Why?"}]}],
            "generationConfig": {"thinkingConfig": {"includeThoughts": true}}
        })
    },
    read: gemini,
};

static OLLAMA: Caller = Caller {
    dialect: Dialect::Ollama,
    door: || Door::OllamaChat,
    body: || json!({"model": "acme/tiny", "messages": [{"role": "user", "content": "Why?"}]}),
    read: ollama,
};

/// Every caller.
pub(crate) static CALLERS: [&Caller; 5] = [&CHAT, &RESPONSES, &MESSAGES, &GEMINI, &OLLAMA];

impl Caller {
    /// Returns the caller who speaks a provider's dialect, or chat completions where none does.
    pub(crate) fn of(dialect: Dialect) -> &'static Caller {
        let spoken = match dialect {
            Dialect::VertexAnthropic => Dialect::AnthropicMessages,
            Dialect::GoogleVertex => Dialect::GoogleGemini,
            other => other,
        };
        CALLERS.into_iter().find(|caller| caller.dialect == spoken).unwrap_or(&CHAT)
    }

    /// Returns this caller's attempt at an endpoint.
    pub(crate) fn attempt(&self, endpoint: &Endpoint) -> Box<dyn Exchange> {
        self.attempt_with(endpoint, &json!({}))
    }

    /// Returns the same, with further fields in its request.
    pub(crate) fn attempt_with(&self, endpoint: &Endpoint, more: &Value) -> Box<dyn Exchange> {
        let mut body = (self.body)();
        for (name, value) in more.as_object().expect("fields are an object") {
            body[name] = value.clone();
        }
        let body = Bytes::from(body.to_string());
        let request = decode(&(self.door)(), body).expect("the body is a request");
        let stamp = Stamp {
            id: "gen-1".to_owned(),
            created: 7,
            model: "acme/tiny".to_owned(),
            provider: "Acme".to_owned(),
        };
        exchange(&request, Target { endpoint, user_hash: None }, stamp).expect("it is taken")
    }

    /// Reads a stream.
    ///
    /// # Errors
    /// When it is not in the dialect's good form.
    pub(crate) fn read(&self, stream: &[u8]) -> Read<Told> {
        (self.read)(std::str::from_utf8(stream).map_err(|_| "a stream is not UTF-8")?)
    }
}

impl Told {
    fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(what());
        }
    }
}

fn json(text: &str) -> Read<Value> {
    serde_json::from_str(text).map_err(|error| format!("an event is no JSON: {error}: {text}"))
}

fn data(event: &str) -> Read<Value> {
    json(event.strip_prefix("data: ").ok_or_else(|| format!("{event} is no data"))?)
}

/// One line of data an event, and `[DONE]` in the end.
fn chat(stream: &str) -> Read<Told> {
    let events = stream.strip_suffix("data: [DONE]\n\n").ok_or("a stream ends in [DONE]")?;
    let events: Vec<Value> = events.split_terminator("\n\n").map(data).collect::<Result<_, _>>()?;
    let count = |name: &str| events.iter().filter(|event| event.get(name).is_some()).count();
    let mut told = Told { ends: count("usage"), errors: count("error"), ..Told::default() };
    for event in &events {
        let identity = event["id"] == "gen-1"
            && event["model"] == "acme/tiny"
            && event["provider"] == "Acme"
            && event["created"] == 7;
        told.must(identity, || format!("{event} has another's identity"));
    }
    let finishes = events.iter().filter(|event| {
        event["choices"][0]["index"] == 0 && event["choices"][0]["finish_reason"].is_string()
    });
    let finishes = finishes.count();
    told.must(finishes <= 1 + told.errors, || format!("a choice ends {finishes} times"));
    Ok(told)
}

/// A name and a line of data an event; the name is the data's type.
fn named(stream: &str, told: &mut Told) -> Read<Vec<Value>> {
    let mut event = |event: &str| {
        let (name, rest) = event.split_once('\n').ok_or("an event has no second line")?;
        let name = name.strip_prefix("event: ").ok_or("an event has no name")?;
        let value = data(rest)?;
        told.must(value["type"] == name, || format!("{name} carries {value}"));
        Ok(value)
    };
    stream.split_terminator("\n\n").map(&mut event).collect()
}

fn responses(stream: &str) -> Read<Told> {
    let mut told = Told::default();
    let mut open: Vec<u64> = Vec::new();
    for (place, event) in named(stream, &mut told)?.iter().enumerate() {
        let number = event["sequence_number"].as_u64();
        told.must(number.is_none_or(|it| it == place as u64), || format!("{event} at {place}"));
        let index = event["output_index"].as_u64().unwrap_or(0);
        match event["type"].as_str().unwrap_or_default() {
            "response.output_item.added" => open.push(index),
            "response.output_item.done" => open.retain(|it| *it != index),
            "response.completed" | "response.incomplete" => {
                told.must(event["response"]["id"] == "gen-1", || format!("{event} is another's"));
                told.ends += 1;
            }
            "response.failed" => told.errors += 1,
            _ => (),
        }
    }
    told.must(told.errors != 0 || open.is_empty(), || format!("items {open:?} never end"));
    Ok(told)
}

fn messages(stream: &str) -> Read<Told> {
    let mut told = Told::default();
    let mut open: Option<u64> = None;
    for event in &named(stream, &mut told)? {
        let index = event["index"].as_u64();
        let of_open = || format!("{event} while {open:?} is open");
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => told.must(event["message"]["id"] == "gen-1", of_open),
            "content_block_start" => {
                told.must(open.is_none(), of_open);
                open = index;
            }
            "content_block_delta" => told.must(open == index, of_open),
            "content_block_stop" => {
                told.must(open == index, of_open);
                open = None;
            }
            "message_stop" => {
                told.must(open.is_none(), of_open);
                told.ends += 1;
            }
            "error" => told.errors += 1,
            _ => (),
        }
    }
    Ok(told)
}

fn gemini(stream: &str) -> Read<Told> {
    let events: Vec<Value> =
        stream.split_terminator("\r\n\r\n").map(data).collect::<Result<_, _>>()?;
    let ends = events.iter().filter(|it| it["usageMetadata"].get("cost").is_some()).count();
    let errors = events.iter().filter(|it| it.get("error").is_some()).count();
    Ok(Told { ends, errors, ..Told::default() })
}

fn ollama(stream: &str) -> Read<Told> {
    let events: Vec<Value> = stream.split_terminator('\n').map(json).collect::<Result<_, _>>()?;
    let ends = events.iter().filter(|it| it["done"] == true).count();
    let errors = events.iter().filter(|it| it.get("error").is_some()).count();
    Ok(Told { ends, errors, ..Told::default() })
}
