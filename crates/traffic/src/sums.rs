//! Sums of events: what boards, statistics and charts are made from. Events are only ever added.
//!
//! Three families, each by what its figures need:
//! - *uses*, by day: a side (all requests, or those of one provider, app, task, …), the model, the
//!   account;
//! - *services*, by minute, hour and day: the endpoint;
//! - *rates*, by hour: the model, with what prompts and answers cost.

use std::collections::HashMap;

use domain::generation::{Outcome, ToolVerdict};
use rankings::hours::Cell;
use rankings::sketch::Sketch;

use crate::event::{Event, Finish, Service};
use crate::figures::Day;

/// A name as a number: a store knows which is which. Zero is no name.
pub type Code = u32;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grain {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// Along what uses are summed. The places are what stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// All requests: their value is empty.
    All,
    /// By the provider that served.
    Provider,
    /// By application.
    App,
    /// By task.
    Task,
    /// By language.
    Language,
    /// By size of the prompt.
    Context,
    /// By how many tools were offered.
    Tools,
    /// By application and task together.
    AppTask,
    /// Requests whose model the house chose: their value is [`ROUTER`].
    Router,
}

/// The value of what the house chose a model for.
pub const ROUTER: &str = "router";

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct Use {
    pub requests: u64,
    /// Tokens of prompts, those from caches among them.
    pub prompt: u64,
    pub cache_read: u64,
    /// Tokens of answers, reasoning among them.
    pub output: u64,
    pub reasoning: u64,
    pub cost_nanos: u64,
    /// At list prices.
    pub list_nanos: u64,
}

/// Where a use is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its name")]
pub struct UseKey {
    pub side: Side,
    pub day: Day,
    pub value: Code,
    pub model: Code,
    pub account: Code,
}

/// How an endpoint served.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Tries that it served.
    pub served: u64,
    /// Tries that it failed.
    pub failed: u64,
    /// Tries that it was too busy for.
    pub busy: u64,
    /// Requests that it served well: see [`is_good`].
    pub good: u64,
    /// Answers that ended in calls of tools, at which somebody looked.
    pub tool_answers: u64,
    /// Those of them with a call that is not valid.
    pub tool_invalid: u64,
    /// Those of the invalid ones with a call whose arguments are not JSON.
    pub tool_unparseable: u64,
    /// Those of the others with a call of a tool that was not offered.
    pub tool_unknown: u64,
    /// Those of the answers with a call of which more could not be told, and none that is invalid.
    pub tool_unjudged: u64,
    /// What was used.
    pub used: Use,
    /// The part of the list price that was for prompts.
    pub list_prompt_nanos: u64,
    /// What caching saved, in nano-dollars.
    pub cache_saved_nanos: i64,
    /// Milliseconds to the first content, of streams.
    pub ttft: Sketch,
    /// Tokens by second.
    pub speed: Sketch,
}

/// Where a tally is added: the grain, minutes, hours or days since 1970, the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its name")]
pub struct ServiceKey {
    pub grain: Grain,
    pub period: i64,
    pub endpoint: Code,
}

/// The names of an event, as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct Codes {
    pub account: Code,
    pub key: Code,
    pub model: Code,
    pub endpoint: Code,
    pub provider: Code,
    pub region: Code,
    pub app: Code,
    pub language: Code,
    pub task: Code,
    pub app_task: Code,
    pub router: Code,
    pub context: Code,
    pub tools: Code,
    /// The endpoints of failed tries.
    pub failed: Vec<(Code, Service)>,
}

/// Sums of some events.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// By day, side, model and account.
    pub uses: HashMap<UseKey, Use>,
    /// By period and endpoint.
    pub services: HashMap<ServiceKey, Tally>,
    /// By hour since 1970 and model.
    pub rates: HashMap<(i64, Code), Cell>,
}

/// How long the first content of a stream may take, whatever its prompt.
const TTFT_MS_MAX: u64 = 5_000;
/// Tokens of a prompt that give a millisecond more.
const PROMPT_TOKENS_PER_MS: u64 = 10;
/// Milliseconds that a token of reasoning gives more: it may come before what is shown.
const MS_PER_REASONING_TOKEN: u64 = 20;

/// Returns whether a request was served well: complete, with content, ended in no error, with valid
/// calls of tools; where it was streamed, the first content came within 5 seconds, a second more
/// for each 10,000 tokens of the prompt, and 20 ms for each token of reasoning.
pub fn is_good(event: &Event) -> bool {
    let limit = TTFT_MS_MAX
        + u64::from(event.tokens.prompt()) / PROMPT_TOKENS_PER_MS
        + u64::from(event.tokens.reasoning) * MS_PER_REASONING_TOKEN;
    let in_time = !event.streamed || event.ttft_ms.is_none_or(|ms| u64::from(ms) <= limit);
    let calls_well = !event.tool_verdict.is_some_and(ToolVerdict::is_invalid);
    event.is_counted() && in_time && calls_well
}

impl Grain {
    /// Every one; its place is what the stores keep.
    pub const ALL: [Grain; 3] = [Grain::Minute, Grain::Hour, Grain::Day];

    /// Returns the length of a period in milliseconds.
    pub const fn ms(self) -> i64 {
        match self {
            Grain::Minute => 60_000,
            Grain::Hour => 3_600_000,
            Grain::Day => domain::time::DAY_MS,
        }
    }

    /// Returns the period that holds an instant.
    pub const fn period(self, at: domain::time::Timestamp) -> i64 {
        at.ms().div_euclid(self.ms())
    }
}

impl Side {
    /// Every one; its place is what the stores keep.
    pub const ALL: [Side; 9] = [
        Side::All,
        Side::Provider,
        Side::App,
        Side::Task,
        Side::Language,
        Side::Context,
        Side::Tools,
        Side::AppTask,
        Side::Router,
    ];

    /// Returns the value that an event has on this side; `None` where it is not on it.
    fn value(self, codes: &Codes) -> Option<Code> {
        let code = match self {
            Side::All => return Some(0),
            Side::Provider => codes.provider,
            Side::App => codes.app,
            Side::Task => codes.task,
            Side::Language => codes.language,
            Side::Context => codes.context,
            Side::Tools => codes.tools,
            Side::AppTask => codes.app_task,
            Side::Router => codes.router,
        };
        (code != 0).then_some(code)
    }
}

impl Use {
    /// Returns what one event used.
    pub fn of(event: &Event) -> Use {
        let tokens = &event.tokens;
        Use {
            requests: 1,
            prompt: u64::from(tokens.prompt()),
            cache_read: u64::from(tokens.cache_read),
            output: u64::from(tokens.output),
            reasoning: u64::from(tokens.reasoning),
            cost_nanos: event.cost_nanos,
            list_nanos: event.list_nanos,
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Use) {
        self.requests += other.requests;
        self.prompt += other.prompt;
        self.cache_read += other.cache_read;
        self.output += other.output;
        self.reasoning += other.reasoning;
        self.cost_nanos += other.cost_nanos;
        self.list_nanos += other.list_nanos;
    }

    /// Takes a part of it away.
    pub fn take(&mut self, part: &Use) {
        let less = |whole: &mut u64, part: u64| *whole = whole.saturating_sub(part);
        less(&mut self.requests, part.requests);
        less(&mut self.prompt, part.prompt);
        less(&mut self.cache_read, part.cache_read);
        less(&mut self.output, part.output);
        less(&mut self.reasoning, part.reasoning);
        less(&mut self.cost_nanos, part.cost_nanos);
        less(&mut self.list_nanos, part.list_nanos);
    }

    /// Returns the tokens that rankings count: prompts without what came from caches, and answers.
    pub fn counted(&self) -> u64 {
        self.prompt.saturating_sub(self.cache_read) + self.output
    }

    /// Returns all tokens.
    pub fn tokens(&self) -> u64 {
        self.prompt + self.output
    }
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: &Tally) {
        self.served += other.served;
        self.failed += other.failed;
        self.busy += other.busy;
        self.good += other.good;
        self.tool_answers += other.tool_answers;
        self.tool_invalid += other.tool_invalid;
        self.tool_unparseable += other.tool_unparseable;
        self.tool_unknown += other.tool_unknown;
        self.tool_unjudged += other.tool_unjudged;
        self.used.add(&other.used);
        self.list_prompt_nanos += other.list_prompt_nanos;
        self.cache_saved_nanos += other.cache_saved_nanos;
        self.ttft.merge(&other.ttft);
        self.speed.merge(&other.speed);
    }

    /// Adds what an event tells of the endpoint that it names.
    fn see(&mut self, event: &Event) {
        self.turn(event.service);
        self.good += u64::from(is_good(event));
        if let Some(verdict) = event.tool_verdict {
            let is = |other| u64::from(verdict == other);
            self.tool_answers += 1;
            self.tool_invalid += u64::from(verdict.is_invalid());
            self.tool_unparseable += is(ToolVerdict::Unparseable);
            self.tool_unknown += is(ToolVerdict::UnknownTool);
            self.tool_unjudged += is(ToolVerdict::Unjudged);
        }
        if event.is_counted() {
            self.used.add(&Use::of(event));
            self.list_prompt_nanos += event.list_prompt_nanos;
            self.cache_saved_nanos += event.cache_saved_nanos;
            if let Some(ms) = event.ttft_ms.filter(|_| event.streamed) {
                self.ttft.add(u64::from(ms));
            }
            if let Some(speed) = event.speed() {
                self.speed.add(u64::from(speed));
            }
        }
    }

    fn turn(&mut self, service: Service) {
        match service {
            Service::Served => self.served += 1,
            Service::Failed => self.failed += 1,
            Service::Busy => self.busy += 1,
            Service::Untold => {}
        }
    }
}

impl Sums {
    /// Adds an event.
    pub fn add(&mut self, event: &Event, codes: &Codes) {
        if event.is_counted() {
            self.add_use(event, codes);
        }
        for grain in Grain::ALL {
            let period = grain.period(event.at);
            let at = |endpoint| ServiceKey { grain, period, endpoint };
            if codes.endpoint != 0 {
                self.services.entry(at(codes.endpoint)).or_default().see(event);
            }
            for (endpoint, service) in &codes.failed {
                self.services.entry(at(*endpoint)).or_default().turn(*service);
            }
        }
    }

    /// Adds other sums.
    pub fn merge(&mut self, other: Sums) {
        if self.uses.is_empty() && self.services.is_empty() && self.rates.is_empty() {
            *self = other;
            return;
        }
        for (key, used) in other.uses {
            self.uses.entry(key).or_default().add(&used);
        }
        for (key, tally) in other.services {
            self.services.entry(key).or_default().add(&tally);
        }
        for (key, cell) in other.rates {
            add_cell(self.rates.entry(key).or_default(), &cell);
        }
    }

    fn add_use(&mut self, event: &Event, codes: &Codes) {
        let used = Use::of(event);
        let (day, model, account) = (event.at.day(), codes.model, codes.account);
        for side in Side::ALL {
            if let Some(value) = side.value(codes) {
                let key = UseKey { side, day, value, model, account };
                self.uses.entry(key).or_default().add(&used);
            }
        }
        let cell = self.rates.entry((Grain::Hour.period(event.at), model)).or_default();
        add_cell(
            cell,
            &Cell {
                prompt_tokens: used.prompt,
                prompt_nanos: event.list_prompt_nanos,
                output_tokens: used.output,
                output_nanos: event.list_nanos.saturating_sub(event.list_prompt_nanos),
            },
        );
    }
}

/// Adds one cell of rates to another.
pub fn add_cell(cell: &mut Cell, other: &Cell) {
    cell.prompt_tokens += other.prompt_tokens;
    cell.prompt_nanos += other.prompt_nanos;
    cell.output_tokens += other.output_tokens;
    cell.output_nanos += other.output_nanos;
}

/// Outcomes in the order in which stores keep them.
pub const OUTCOMES: [Outcome; 4] =
    [Outcome::Finished, Outcome::Cancelled, Outcome::Broken, Outcome::Refused];

/// Returns the place of a service among all, which is what stores keep.
pub fn service_place(service: Service) -> usize {
    Service::ALL.iter().position(|it| *it == service).unwrap_or_default()
}

fn place<T: PartialEq>(all: &[T], one: T) -> Option<usize> {
    all.iter().position(|it| *it == one)
}

/// What an event has of closed sets, in one number.
pub fn flags(event: &Event) -> u16 {
    let outcome = OUTCOMES.iter().position(|it| *it == event.outcome).unwrap_or(0) as u16;
    let finish = Finish::ALL.iter().position(|it| *it == event.finish).unwrap_or(0) as u16;
    let service = service_place(event.service) as u16;
    let truths = [event.streamed, event.routed, event.synthetic];
    let bits = truths.iter().enumerate().map(|(place, truth)| u16::from(*truth) << (7 + place));
    let verdict = event.tool_verdict.and_then(|it| place(&ToolVerdict::ALL, it));
    let verdict = verdict.map_or(0, |place| place as u16 + 1);
    bits.fold(outcome | finish << 2 | service << 5 | verdict << 10, |all, bit| all | bit)
}

/// The part of [`flags`] that tells how an event ended.
pub const ENDING_FLAGS: u16 = 31;

/// Reads the part of [`flags`] that tells how an event ended. `None` where a place is of nothing.
pub fn ending(flags: u16) -> Option<(Outcome, Finish)> {
    let outcome = *OUTCOMES.get(usize::from(flags & 3))?;
    Some((outcome, *Finish::ALL.get(usize::from(flags >> 2 & 7))?))
}

/// Reads [`flags`] into an event. `None` where a place is of nothing.
pub fn set_flags(event: &mut Event, flags: u16) -> Option<()> {
    (event.outcome, event.finish) = ending(flags)?;
    event.service = *Service::ALL.get(usize::from(flags >> 5 & 3))?;
    event.streamed = flags >> 7 & 1 == 1;
    event.routed = flags >> 8 & 1 == 1;
    event.synthetic = flags >> 9 & 1 == 1;
    event.tool_verdict = match usize::from(flags >> 10 & 7) {
        0 => None,
        place => Some(*ToolVerdict::ALL.get(place - 1)?),
    };
    Some(())
}
