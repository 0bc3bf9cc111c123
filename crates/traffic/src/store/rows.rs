//! What goes into a store and what comes out of it.

use domain::generation::Outcome;
use domain::price::Price;
use domain::time::Timestamp;
use rankings::hours::Cell;

use crate::event::{Context, Event, Finish, Name};
use crate::figures::Day;
use crate::sums::{Tally, Use};

/// Events that come together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The events, each with its number at the source: the same whenever it is written again.
    pub events: Vec<(u64, Event)>,
    /// Every event of the source up to here has been written once this is. Sources number from 1.
    pub through: u64,
}

/// Why a store gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed.
    #[error("{0}")]
    Engine(String),
    /// What it holds cannot be read.
    #[error("the store of events holds what cannot be read: {0}")]
    Corrupt(&'static str),
}

/// What was used, with names.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct UseRow {
    /// The day; the last one of the range where days were added up.
    pub day: Day,
    pub value: Name,
    pub model: Name,
    pub account: Name,
    pub used: Use,
}

/// How an endpoint served in a period.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct ServiceRow {
    /// Minutes, hours or days since 1970.
    pub period: i64,
    pub endpoint: Name,
    pub tally: Tally,
}

/// What a model cost in an hour.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct RateRow {
    /// Hours since 1970.
    pub hour: i64,
    pub model: Name,
    pub cell: Cell,
}

/// What one account asked of one model in a day, by how it ended and what it was for.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct CaseRow {
    pub account: Name,
    pub outcome: Outcome,
    pub finish: Finish,
    /// The key of the task; `None` where nobody looked.
    pub task: Option<Name>,
    pub language: Option<Name>,
    pub context: Context,
    pub requests: u64,
    pub prompt: u64,
    pub output: u64,
    pub reasoning: u64,
    /// Answers that ended in calls of tools.
    pub tool_answers: u64,
    /// Those of them with a call that is not valid.
    pub tool_invalid: u64,
}

/// A price that an endpoint was seen to charge.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct PriceRow {
    pub endpoint: Name,
    pub at: Timestamp,
    pub price: Price,
}

/// Whether the days of a range are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// They are.
    Together,
    /// Each is told apart.
    Apart,
}

/// What is forgotten: whatever is older than these.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Events before this day.
    pub events_before: Day,
    /// Sums by minute before this minute since 1970.
    pub minutes_before: i64,
    /// Sums by hour before this hour since 1970.
    pub hours_before: i64,
}
