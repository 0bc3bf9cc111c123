//! One request, as everything on its path knows it, and what its caller gets.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use dialect::request::Request;
use domain::failure::Failure;
use domain::generation::{App, AttemptRecord};
use domain::health::PromptSize;
use domain::id::GenerationId;
use domain::key::ApiKey;
use domain::limit::Standing;
use domain::money::Money;
use domain::time::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::world::Snapshot;

/// One request, authenticated and decoded.
pub struct Call {
    /// Its name.
    pub id: GenerationId,
    /// Who pays.
    pub key: Arc<ApiKey>,
    /// What is asked.
    pub request: Request,
    /// When it came.
    pub received: Timestamp,
    /// Which application sent it.
    pub app: App,
    /// The caller's user, hashed together with the key: all that a provider learns of it.
    pub user_hash: Option<String>,
    /// The caller wants to see how it was routed.
    pub wants_metadata: bool,
    /// Catalog and configuration as they were when it came.
    pub snapshot: Arc<Snapshot>,
    /// Its seat in the house, which it has until all is done that is done for it.
    pub seat: Option<Seat>,
}

/// A seat in the house. It is free again when the last copy is dropped.
pub type Seat = Arc<dyn Any + Send + Sync>;

/// Returns the size of the prompt, by which waits for the first token are compared.
pub(crate) fn prompt_size(call: &Call) -> PromptSize {
    PromptSize::of_tokens(call.request.facts.prompt_bytes / 4)
}

/// Returns about how many tokens providers count for a request when they admit it.
pub(crate) fn tokens(call: &Call) -> u64 {
    let facts = &call.request.facts;
    u64::from(facts.prompt_bytes / 4) + u64::from(facts.output_tokens_max.unwrap_or(0))
}

/// Returns when the request as a whole has to be over.
pub(crate) fn deadline(call: &Call) -> Timestamp {
    let timeouts = &call.snapshot.timeouts;
    let total =
        if call.request.facts.stream { timeouts.total_stream_ms } else { timeouts.total_ms };
    call.received.plus_ms(total as i64)
}

/// An answer, or the beginning of one.
#[derive(Debug)]
pub struct Reply {
    /// The answer.
    pub body: ReplyBody,
    /// What is said before it.
    pub heading: Heading,
}

impl Reply {
    /// Returns the same, with how the limits stand.
    pub(crate) fn within(mut self, standings: Vec<Standing>) -> Reply {
        self.heading.standings = standings;
        self
    }
}

/// What is said of an answer before it comes: HTTP has it as headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// Fields of the request that had no effect. Empty where a stream began before that was known.
    pub dropped: Vec<String>,
    /// What it costs, where that is known before it comes.
    pub cost: Option<Money>,
    /// How the limits stand that the request counts against.
    pub standings: Vec<Standing>,
}

/// A stream ended before the answer did, in a form that has no other way to say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// The body of an answer.
#[derive(Debug)]
pub enum ReplyBody {
    /// All of it.
    Whole(Bytes),
    /// Its events, as they come. It ends when the channel does.
    Stream(mpsc::Receiver<Result<Bytes, Broken>>),
}

/// No answer.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub failure: Failure,
    /// The tries that were made.
    pub attempts: Vec<AttemptRecord>,
    /// How it was routed, where the caller wants to see it.
    pub metadata: Option<Value>,
}

impl From<Failure> for Box<Refusal> {
    fn from(failure: Failure) -> Box<Refusal> {
        Box::new(Refusal { failure, attempts: Vec::new(), metadata: None })
    }
}
