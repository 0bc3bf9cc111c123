//! What is known of a generation once it is over. Nothing of what was said.

use std::sync::Arc;

use classify::Tag;
use domain::generation::{Outcome, ToolVerdict};
use domain::id::GenerationId;
use domain::time::Timestamp;

/// A name that many events share.
pub type Name = Arc<str>;

/// One generation.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The generation. No event is counted twice.
    pub id: GenerationId,
    /// When it was admitted.
    pub at: Timestamp,
    /// Who paid.
    pub account: Name,
    /// Under which key: its hash.
    pub key: Name,
    /// The model that served, or the first that was asked for where none did.
    pub model: Name,
    /// The endpoint that served.
    pub endpoint: Option<Name>,
    /// Its provider, by slug.
    pub provider: Option<Name>,
    /// The country that the provider names as the place of its machines, where it names one.
    pub region: Option<Name>,
    /// The application, where it gave an address.
    pub app: Option<Name>,
    /// The name that the application gave itself.
    pub app_title: Option<Name>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the answer ended.
    pub finish: Finish,
    /// Tokens, in classes that do not overlap.
    pub tokens: Tokens,
    /// What the account was charged, in nano-dollars.
    pub cost_nanos: u64,
    /// What it cost at the endpoint's list price, in nano-dollars, whoever paid.
    pub list_nanos: u64,
    /// The part of the list price that was for the prompt.
    pub list_prompt_nanos: u64,
    /// What caching saved, in nano-dollars; negative where writing to a cache cost more.
    pub cache_saved_nanos: i64,
    /// Milliseconds from admission to the first content.
    pub ttft_ms: Option<u32>,
    /// Milliseconds from admission to the end.
    pub duration_ms: u32,
    /// What became of the endpoint that the event names.
    pub service: Service,
    /// Tries before it that came to nothing, in order.
    pub failed: Vec<FailedTry>,
    /// How many tools were offered to the model; `None` where nobody counted.
    pub tools: Option<u16>,
    /// How many calls of tools the answer ended in, where somebody looked.
    pub tool_calls: u16,
    /// How many of them are not valid.
    pub tool_calls_invalid: u16,
    /// What is to be said of all of them; `None` where the answer did not end in calls, or nobody
    /// looked.
    pub tool_verdict: Option<ToolVerdict>,
    /// What it was for; `None` where nobody looked.
    pub task: Option<Tag>,
    /// The language of the last thing that was said to the model; `None` where nobody looked.
    pub language: Option<Name>,
    /// The answer was streamed.
    pub streamed: bool,
    /// The house chose the model.
    pub routed: bool,
    /// It was made up for the demo.
    pub synthetic: bool,
}

/// Tokens of an event: `input`, `cache_read` and `cache_write` are the prompt; `reasoning` is part
/// of `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the prompt, from no cache and to none.
    pub input: u32,
    /// Of the prompt, read from a cache.
    pub cache_read: u32,
    /// Of the prompt, written to a cache.
    pub cache_write: u32,
    /// Of the answer, with reasoning.
    pub output: u32,
    /// Of the answer, the reasoning.
    pub reasoning: u32,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finish {
    /// Nothing was said of it.
    #[default]
    Unknown,
    /// The model was done.
    Stop,
    /// It was as long as was allowed.
    Length,
    /// The model calls tools.
    ToolCalls,
    /// A filter ended it.
    Filter,
    /// Something failed.
    Error,
}

/// What became of a try at an endpoint, as far as that tells of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// It served.
    Served,
    /// It failed, and that is held against it: no answer, a refusal to authorise or to be paid, a
    /// fault of its own, an answer that broke off or ended in an error.
    Failed,
    /// It was too busy.
    Busy,
    /// What came of it tells nothing: the caller was wrong or left, or no endpoint was tried.
    Untold,
}

/// A try that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTry {
    /// The endpoint.
    pub endpoint: Name,
    /// What that tells of it.
    pub service: Service,
}

impl Finish {
    /// Every one; its place is what the stores keep.
    pub const ALL: [Finish; 6] = [
        Finish::Unknown,
        Finish::Stop,
        Finish::Length,
        Finish::ToolCalls,
        Finish::Filter,
        Finish::Error,
    ];

    /// Reads a normalised finish reason.
    pub fn parse(word: &str) -> Finish {
        match word {
            "stop" => Finish::Stop,
            "length" => Finish::Length,
            "tool_calls" => Finish::ToolCalls,
            "content_filter" => Finish::Filter,
            "error" => Finish::Error,
            _ => Finish::Unknown,
        }
    }
}

impl Service {
    /// Every one; its place is what the stores keep.
    pub const ALL: [Service; 4] =
        [Service::Served, Service::Failed, Service::Busy, Service::Untold];
}

impl Tokens {
    /// Returns all tokens of the prompt.
    pub fn prompt(&self) -> u32 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }

    /// Returns all tokens.
    pub fn total(&self) -> u64 {
        u64::from(self.prompt()) + u64::from(self.output)
    }

    /// Returns the tokens that rankings count: what was not read from a cache, and the answer.
    pub fn counted(&self) -> u64 {
        u64::from(self.input) + u64::from(self.cache_write) + u64::from(self.output)
    }
}

impl Event {
    /// Returns whether rankings count it: it is complete, made something, and ended in no error.
    pub fn is_counted(&self) -> bool {
        self.outcome == Outcome::Finished
            && self.tokens.output != 0
            && self.finish != Finish::Error
            && self.endpoint.is_some()
    }

    /// Returns the tokens of the answer by second, from admission to the end; `None` where it has
    /// no tokens or took no time.
    pub fn speed(&self) -> Option<u32> {
        let is_known = self.tokens.output != 0 && self.duration_ms != 0;
        let rate = u64::from(self.tokens.output) * 1_000 / u64::from(self.duration_ms.max(1));
        is_known.then(|| u32::try_from(rate).unwrap_or(u32::MAX))
    }

    /// Returns how large its prompt was.
    pub fn context(&self) -> Context {
        Context::of(self.tokens.prompt())
    }

    /// Returns how many tools were offered; `None` where nobody counted.
    pub fn offered(&self) -> Option<Offered> {
        self.tools.map(Offered::of)
    }
}

/// How large a prompt was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Context(u8);

/// What prompts of each size are called, and where the next size begins.
const CONTEXTS: [(&str, u32); 7] = [
    ("0-1k", 1_000),
    ("1k-4k", 4_000),
    ("4k-16k", 16_000),
    ("16k-64k", 64_000),
    ("64k-256k", 256_000),
    ("256k-1m", 1_000_000),
    ("over-1m", u32::MAX),
];

impl Context {
    /// Returns every size.
    pub fn all() -> impl Iterator<Item = Context> {
        (0..).take(CONTEXTS.len()).map(Context)
    }

    /// Returns the size of a prompt.
    pub fn of(prompt_tokens: u32) -> Context {
        let place = CONTEXTS.iter().position(|(_, end)| prompt_tokens < *end);
        Context(place.unwrap_or(CONTEXTS.len() - 1) as u8)
    }

    /// Returns its name.
    pub fn word(self) -> &'static str {
        CONTEXTS[usize::from(self.0)].0
    }

    /// Returns the size at a place among all.
    pub(crate) fn at(place: u64) -> Option<Context> {
        Context::all().nth(usize::try_from(place).ok()?)
    }

    /// Returns SQL that gives the place of a prompt's size, where `tokens` is how long it is.
    pub(crate) fn place_sql(tokens: &str) -> String {
        let mut sql = String::from("CASE");
        for (place, (_, end)) in CONTEXTS.iter().enumerate().take(CONTEXTS.len() - 1) {
            sql.push_str(&format!(" WHEN {tokens} < {end} THEN {place}"));
        }
        sql.push_str(&format!(" ELSE {} END", CONTEXTS.len() - 1));
        sql
    }
}

/// How many tools were offered to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offered {
    /// None.
    None,
    /// One to three.
    Few,
    /// Four to fifteen.
    Some,
    /// More.
    Many,
}

impl Offered {
    /// Every one.
    pub const ALL: [Offered; 4] = [Offered::None, Offered::Few, Offered::Some, Offered::Many];

    /// Returns the one that a count falls into.
    pub fn of(tools: u16) -> Offered {
        match tools {
            0 => Offered::None,
            1..=3 => Offered::Few,
            4..=15 => Offered::Some,
            _ => Offered::Many,
        }
    }

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Offered::None => "none",
            Offered::Few => "1-3",
            Offered::Some => "4-15",
            Offered::Many => "over-15",
        }
    }
}
