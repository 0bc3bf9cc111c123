//! Every figure that pages and the API show, made in the background and held in memory.
//!
//! Whoever shows a figure takes it from here, so that page, JSON, CSV and API show the same one.
//! Names are those of the catalog; dates are UTC; windows are complete days. Where a figure is
//! `None` there was too little to tell, or it may not be told.

mod endpoint;
pub mod make;
mod ranking;
mod special;

pub use endpoint::{
    DayOfService, EndpointFigures, Paid, Percentiles, PriceChange, Service, ToolErrors,
};
pub use ranking::{Board, BoardRow, Change, Order, Question, Slice, Subject, Window};
pub use special::{
    App, Cheapest, ModelFigures, PostedHours, Rising, Series, StableProvider, TaskShare, Tasks,
    Value,
};

use std::collections::BTreeMap;

use domain::time::Timestamp;

/// A day, as days since 1970-01-01 in UTC.
pub type Day = i64;

/// Everything that traffic told, at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// When they were made; 1970 where they never were.
    pub made: Timestamp,
    /// The version of the rules by which they were made.
    pub methodology: &'static str,
    /// For whom.
    pub scope: Scope,
    /// Traffic that was made up for the demo is among what they count.
    pub has_synthetic: bool,
    /// The first day of which anything is known.
    pub first_day: Option<Day>,
    /// The day on which windows end: the last complete one on a public instance, today on a
    /// private one.
    pub last_day: Day,
    /// Generations that are counted in the last 90 days.
    pub requests: u64,
    /// Boards, by what they answer. On a public instance without enough accounts there is none.
    pub boards: BTreeMap<Question, Board>,
    /// What each model did from day to day, by its id.
    pub models: BTreeMap<String, ModelFigures>,
    /// How each endpoint served, by its id.
    pub endpoints: BTreeMap<String, EndpointFigures>,
    /// The same of each provider, by its slug.
    pub providers: BTreeMap<String, EndpointFigures>,
    /// Models by whether they rise, those that do first. Empty where there are not nine weeks.
    pub rising: Vec<Rising>,
    /// Providers by how reliably they answered in the last 28 days, by group, then by name.
    pub stable: Vec<StableProvider>,
    /// Models whose price depends on the hour, posted or as it was paid, by their id.
    pub cheapest: BTreeMap<String, Cheapest>,
    /// Models by what they give for the money, the most first.
    pub value: Vec<Value>,
    /// What requests were for, in the last seven days.
    pub tasks: Option<Tasks>,
    /// Applications of the last 30 days, the most used first.
    pub apps: Vec<App>,
    /// What stealth models turned out to be: what they were used for counts as the models'.
    pub cloaked: Vec<Cloaked>,
}

/// A model that was a stealth model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloaked {
    /// The name that it had.
    pub stealth: String,
    /// The model.
    pub model: String,
    /// The day on which it was named.
    pub until: Day,
}

/// For whom figures are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// For those who run the instance: everything, however little it is.
    #[default]
    Private,
    /// For everybody: only what tells nothing about anyone.
    Public {
        /// Accounts that are eligible.
        accounts: u32,
        /// How many there have to be before a board is shown.
        accounts_min: u32,
    },
}

/// Returns a day as `2026-11-25`.
pub fn date(day: Day) -> String {
    let at = jiff::Timestamp::from_second(day.saturating_mul(86_400)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

/// Reads a day; `None` where it is none of the calendar.
pub fn day_of(date: &str) -> Option<Day> {
    let date: jiff::civil::Date = date.parse().ok()?;
    let since = date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?;
    Some(Day::from(since.get_days()))
}

impl Figures {
    /// Returns the board that answers a question.
    pub fn board(&self, question: &Question) -> Option<&Board> {
        self.boards.get(question)
    }
}
