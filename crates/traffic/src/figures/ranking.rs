//! Boards: what was used most, how sure that is, and what changed.

use classify::{Macro, Tag};

use super::Day;
use crate::event::{Context, Offered};
use crate::sums::ROUTER;

/// What a board answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// What is ranked.
    pub subject: Subject,
    /// Of which requests.
    pub slice: Slice,
    /// Over how long.
    pub window: Window,
    /// By what.
    pub order: Order,
}

/// What is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Models, by their id.
    Models,
    /// Authors of models: what stands before the slash of an id.
    Authors,
    /// Providers, by their slug.
    Providers,
    /// Applications, by their address.
    Apps,
}

/// Which requests count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slice {
    /// All.
    All,
    /// Those for a task.
    Task(Tag),
    /// Those for a group of tasks.
    Group(Macro),
    /// Those in a language, by its code of ISO 639-3, or `code`, or `und`.
    Language(String),
    /// Those with a prompt of a size.
    Context(Context),
    /// Those that offered so many tools.
    Tools(Offered),
    /// Those of an application, by its address.
    App(String),
    /// Those whose model the house's router chose.
    Router,
}

/// Over how long: days that end with `Figures::last_day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// That day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
}

/// By what rows are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Tokens, no account counting for more than its part. The default.
    Tokens,
    /// Tokens as they are.
    RawTokens,
    /// Spend at list prices, capped the same way.
    Spend,
    /// Accounts.
    Accounts,
    /// One vote an account.
    Voice,
}

/// Rows in order, and what is not among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// The rows that may be shown, the first first.
    pub rows: Vec<BoardRow>,
    /// Rows that are kept back on a public instance, together.
    pub kept_back: u32,
    /// What the kept-back rows used together; `None` where that would tell about them.
    pub other_tokens: Option<u64>,
    /// Accounts behind it all.
    pub accounts: u32,
    /// The part of all requests of these days that is in the slice, 0 to 1; of a public instance,
    /// of what is told. `None` where there is no slice.
    pub part: Option<f64>,
    /// The first day that is counted.
    pub first_day: Day,
    /// The last day that is counted.
    pub last_day: Day,
}

/// One row of a board.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardRow {
    /// Of what.
    pub name: String,
    /// Its place, from 1.
    pub rank: u32,
    /// The best place that is likely: the 5th percentile.
    pub rank_low: u32,
    /// The worst place that is likely: the 95th percentile.
    pub rank_high: u32,
    /// It cannot be told for sure from the next row.
    pub ties_with_next: bool,
    /// Its share of what the board is ordered by, 0 to 1.
    pub share: f64,
    /// Tokens, capped: no account counts for more than its part.
    pub tokens: f64,
    /// Tokens as they are: prompts without what came from a cache, and answers. `None` on a public
    /// instance, where beside capped ones they would tell what the largest account used.
    pub raw_tokens: Option<u64>,
    /// Spend at list prices, in nano-dollars, as it is.
    pub spend_nanos: u64,
    /// Requests.
    pub requests: u64,
    /// Accounts.
    pub accounts: u32,
    /// It behaves like that many accounts of equal use.
    pub effective_users: f64,
    /// The share of raw tokens that the largest account has, 0 to 1; `None` where that is not told.
    pub largest_share: Option<f64>,
    /// More than a fifth of it is one account.
    pub is_concentrated: bool,
    /// Capped tokens of the last complete days against as many before; `None` where there were
    /// none.
    pub change: Option<Change>,
}

/// How much a total is above that of the window before, with the interval that holds it in 90 of
/// 100 cases.
pub type Change = rankings::change::Change;

impl Subject {
    /// Every one.
    pub const ALL: [Subject; 4] =
        [Subject::Models, Subject::Authors, Subject::Providers, Subject::Apps];

    /// Returns its name in addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Subject::Models => "models",
            Subject::Authors => "authors",
            Subject::Providers => "providers",
            Subject::Apps => "apps",
        }
    }
}

impl Window {
    /// Every one.
    pub const ALL: [Window; 3] = [Window::Day, Window::Week, Window::Month];

    /// Returns its name in addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Window::Day => "day",
            Window::Week => "week",
            Window::Month => "month",
        }
    }

    /// Returns how many days it has.
    pub const fn days(self) -> i64 {
        match self {
            Window::Day => 1,
            Window::Week => 7,
            Window::Month => 30,
        }
    }
}

impl Order {
    /// Every one.
    pub const ALL: [Order; 5] =
        [Order::Tokens, Order::RawTokens, Order::Spend, Order::Accounts, Order::Voice];

    /// Returns its name in addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Order::Tokens => "tokens",
            Order::RawTokens => "raw-tokens",
            Order::Spend => "spend",
            Order::Accounts => "accounts",
            Order::Voice => "voice",
        }
    }
}

impl Slice {
    /// Returns the name of its kind in addresses, and which of that kind it is.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Slice::All => ("all", ""),
            Slice::Task(tag) => ("task", tag.key()),
            Slice::Group(group) => ("group", group.key()),
            Slice::Language(language) => ("language", language),
            Slice::Context(context) => ("context", context.word()),
            Slice::Tools(offered) => ("tools", offered.word()),
            Slice::App(app) => ("app", app),
            Slice::Router => ("chosen", ROUTER),
        }
    }
}

impl Question {
    /// Returns the first question of all: the models of the last week, by capped tokens.
    pub fn first() -> Question {
        Question {
            subject: Subject::Models,
            slice: Slice::All,
            window: Window::Week,
            order: Order::Tokens,
        }
    }
}
