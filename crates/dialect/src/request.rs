//! A caller's request, scanned once and not rebuilt.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::Dialect;
use domain::chat::ChatRequest;
use domain::request::Facts;
use serde_json::Value;

use crate::door::Framing;
use crate::task::Task;

/// A caller's request: the facts that admission and planning need, and the bytes it came in.
#[derive(Clone, Debug)]
pub struct Request {
    /// What admission and planning know of it.
    pub facts: Facts,
    /// The dialect it came in.
    pub dialect: Dialect,
    /// The body as the caller sent it.
    pub body: Bytes,
    /// Where each top-level field stands in the body, in the order of the body.
    pub fields: Vec<Field>,
    /// What its messages and tools hold that not every endpoint takes.
    pub marks: Marks,
    /// Fields that are understood by the house and have no effect, with the reason:
    /// `name: why`.
    pub ignored: Vec<String>,
    /// How a stream is to be framed.
    pub framing: Framing,
    /// The house's form of it, where its dialect reads requests into that at once.
    pub chat: Option<Arc<ChatRequest>>,
    /// What is sent in its place, where the house has changed more of it than its dialect's own
    /// form can be edited for.
    pub replaced: Option<Arc<ChatRequest>>,
    /// What it asks for, where that is no chat.
    pub(crate) task: Option<Arc<dyn Task>>,
    /// Headers of the dialect that came with it, in small letters.
    pub headers: Vec<(String, String)>,
    /// What answers repeat of it, in its dialect's own form.
    pub echo: Option<Arc<Value>>,
    /// The house limits the answer to so many tokens, where the caller named no limit.
    pub output_limit: Option<u32>,
}

/// A top-level field of a body: `"name": value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, unescaped.
    pub name: String,
    /// The byte at which its name's opening quote stands.
    pub start: usize,
    /// The byte at which its value begins.
    pub value_start: usize,
    /// The byte after its value.
    pub end: usize,
}

/// What messages and tools hold that not every endpoint takes: where nothing is marked, nothing has
/// to be looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// A message of the role `developer`.
    pub developer: bool,
    /// Thinking of earlier answers.
    pub thinking: bool,
    /// What only answers hold, in an earlier answer that was sent back as it came.
    pub echoed: bool,
    /// Marks of where to cache.
    pub cache: bool,
    /// Tool calls or their results.
    pub tool_calls: bool,
    /// Tools that are no functions of the caller's: most of them run on somebody's servers.
    pub server_tools: bool,
    /// The last message is the model's: the beginning of the answer that is asked for.
    pub prefill: bool,
}

impl Request {
    /// Returns a request of which nothing is known beside its facts.
    pub fn new(facts: Facts, dialect: Dialect, body: Bytes) -> Request {
        Request {
            facts,
            dialect,
            body,
            fields: Vec::new(),
            marks: Marks::default(),
            ignored: Vec::new(),
            framing: Framing::Events,
            chat: None,
            replaced: None,
            task: None,
            headers: Vec::new(),
            echo: None,
            output_limit: None,
        }
    }

    /// Limits the answer to `tokens`, of a request that names no limit itself.
    pub fn limit_output(&mut self, tokens: u32) {
        self.facts.output_tokens_max = Some(tokens);
        self.output_limit = Some(tokens);
        for chat in [&mut self.chat, &mut self.replaced].into_iter().flatten() {
            Arc::make_mut(chat).output.tokens_max = Some(tokens);
        }
    }

    /// Returns the value of a top-level field as it stands in the body; `None` also for `null`.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        let value = &self.body[field.value_start..field.end];
        (value != b"null").then_some(value)
    }

    /// Returns a header of the dialect that came with it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let held = self.headers.iter().find(|(held, _)| held == name);
        held.map(|(_, value)| value.as_str())
    }

    /// Returns the names of the fields that have no effect.
    pub fn ignored_names(&self) -> impl Iterator<Item = &str> {
        self.ignored.iter().filter_map(|ignored| ignored.split(": ").next())
    }
}
