//! Figures beside the boards: what rises, what is stable, cheap, worth its price, and for what.

use classify::{Macro, Tag};
use rankings::hours::{Hour, Span};

use super::Day;
use super::endpoint::Paid;

/// What a model did from day to day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelFigures {
    /// Ninety days.
    pub series: Series,
    /// What was paid for it in the last thirty days, over all its endpoints.
    pub paid: Option<Paid>,
    /// The applications that used it most in the last seven days, with their tokens.
    pub apps: Vec<(String, u64)>,
    /// What it was used for in the last seven days: the share of its requests, the largest first.
    pub tasks: Vec<(Tag, f64)>,
}

/// Figures from day to day: all have the same length, and end with `Figures::last_day`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The first day.
    pub first: Day,
    /// All tokens of prompts and answers, those from caches among them; `None` where a day may not
    /// be told.
    pub tokens: Vec<Option<u64>>,
    /// Requests.
    pub requests: Vec<Option<u64>>,
    /// Spend at list prices, in nano-dollars.
    pub spend_nanos: Vec<Option<u64>>,
}

/// Whether a model rises.
#[derive(Clone, Debug, PartialEq)]
pub struct Rising {
    /// The model.
    pub model: String,
    /// This week's capped tokens over the median of the four weeks before, less one.
    pub growth: f64,
    /// The same without its largest account. `None` on a public instance.
    pub growth_without_largest: Option<f64>,
    /// Accounts over those of the week before, less one.
    pub account_growth: f64,
    /// How far it is above the median, in the spread of its usual weeks.
    pub z: f64,
    /// It rises.
    pub is_rising: bool,
}

/// Where a provider stands among the stable ones.
#[derive(Clone, Debug, PartialEq)]
pub struct StableProvider {
    /// The provider, by its slug.
    pub provider: String,
    /// Its group: `A` holds all that cannot be told from the best. `None` where there is too little
    /// to say.
    pub group: Option<char>,
    /// The mean over days of the share of good requests.
    pub mean: Option<f64>,
    /// The worst day's share.
    pub worst: Option<f64>,
    /// Requests in the window.
    pub requests: u64,
    /// Days with enough requests.
    pub days: u32,
}

/// When a model is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cheapest {
    /// Its endpoints with prices by the hour, as they are posted.
    pub posted: Vec<PostedHours>,
    /// The hours of the week from Monday 00:00 UTC as they were paid, over twelve weeks; empty
    /// where nobody paid.
    pub hours: Vec<Hour>,
    /// Runs of hours that are cheap for sure, the deepest first.
    pub spans: Vec<Span>,
    /// Complete weeks behind it.
    pub weeks: u32,
}

/// A posted price with its hours.
#[derive(Clone, Debug, PartialEq)]
pub struct PostedHours {
    /// The endpoint.
    pub endpoint: String,
    /// By hour of the week from Monday 00:00 UTC: nano-dollars for a million tokens, four fifths
    /// prompt and one fifth answer, as posted for the week under way.
    pub basket_nanos: Vec<u64>,
}

/// What a model gives for its price.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The model.
    pub model: String,
    /// What a request costs with it in the middle, in nano-dollars, as it was run here.
    pub cost_nanos: f64,
    /// How well it does, 0 to 100.
    pub quality: f64,
    /// Where the quality comes from.
    pub source: &'static str,
    /// The chance that no other model is both cheaper and better.
    pub frontier: f64,
    /// Quality less fifteen points for each tenfold price; `None` where it costs nothing.
    pub value: Option<f64>,
}

/// What requests were for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tasks {
    /// The first day.
    pub first_day: Day,
    /// The last day.
    pub last_day: Day,
    /// Requests that were looked at.
    pub requests: u64,
    /// The share that could not be told, of all, 0 to 1.
    pub other_share: f64,
    /// Every task that is told, the most frequent first. Shares leave `other` out.
    pub tasks: Vec<TaskShare>,
    /// The groups, with shares of requests, tokens and spend.
    pub groups: Vec<(Macro, f64, f64, f64)>,
}

/// How much a task is of all.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskShare {
    /// The task.
    pub tag: Tag,
    /// Of requests, corrected for the classifier's errors.
    pub requests: f64,
    /// Of requests, as the classifier says.
    pub requests_uncorrected: f64,
    /// Of tokens.
    pub tokens: f64,
    /// Of spend at list prices.
    pub spend: f64,
    /// The models that are used for it: the share of its requests, tokens and spend, the largest
    /// share of requests first.
    pub models: Vec<(String, f64, f64, f64)>,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct App {
    /// A number that stays the same.
    pub id: u32,
    /// Its address.
    pub url: String,
    /// Its name, or its address where it has none.
    pub title: String,
    /// It proved that the address is its own. Public boards show no others.
    pub is_verified: bool,
    /// Tokens of the last 30 days.
    pub tokens: u64,
    /// Requests of the last 30 days.
    pub requests: u64,
    /// The models that it used in the last 30 days, with their tokens, the most used first.
    pub models: Vec<(String, u64)>,
    /// What it asked for in the last 30 days: the share of its requests whose task could be told,
    /// the largest first.
    pub tasks: Vec<(Tag, f64)>,
    /// Its last 90 days.
    pub series: Series,
}
