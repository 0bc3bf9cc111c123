//! Traffic that is made up: for the demo, and for tests. The same seed makes the same events.
//!
//! It has what real traffic has and figures have to bear: a few accounts that use most of it,
//! models that come and grow, days and nights, tries that fail, and answers that break off.

mod lots;

use classify::Tag;
use domain::generation::{Outcome, ToolVerdict};
use domain::id::GenerationId;
use domain::price::Price;
use domain::time::{DAY_MS, Timestamp};
use domain::usage::Usage;

use crate::event::{Event, FailedTry, Finish, Name, Service, Tokens};
use crate::figures::Day;
use lots::{Lots, mix};

/// A model that made-up traffic may go to.
#[derive(Clone, Debug)]
pub struct MadeModel {
    /// Its id.
    pub id: Name,
    /// Who offers it, one at least.
    pub endpoints: Vec<MadeEndpoint>,
}

/// An endpoint that made-up traffic may go to.
#[derive(Clone, Debug)]
pub struct MadeEndpoint {
    /// Its id.
    pub id: Name,
    /// Its provider, by slug.
    pub provider: Name,
    /// Where it stands.
    pub region: Option<Name>,
    /// What it charges.
    pub price: Price,
}

/// Makes traffic up.
#[derive(Clone, Debug)]
pub struct Maker {
    seed: u64,
    models: Vec<MadeModel>,
    accounts: Vec<Account>,
    /// By account: the sum of the weights up to it.
    weights: Vec<f64>,
    apps: Vec<(Name, Name)>,
    languages: [Name; 7],
    last_day: Day,
}

#[derive(Clone, Debug)]
struct Account {
    name: Name,
    key: Name,
    /// The models that it likes, the best first.
    likes: [usize; 4],
    app: Option<usize>,
    /// It came so many days before the last one.
    age: i64,
}

const APPS: [(&str, &str); 8] = [
    ("https://code.example.com", "Example Coder"),
    ("https://chat.example.com", "Example Chat"),
    ("https://tales.example.org", "Tales"),
    ("https://mail.example.net", "Mail Sorter"),
    ("https://agents.example.com", "Agent Works"),
    ("https://translate.example.org", "Parley"),
    ("https://support.example.net", "Help Desk"),
    ("https://research.example.edu", "Reading Room"),
];

/// Languages with how often each is met, in hundredths.
const LANGUAGES: [(&str, u64); 7] =
    [("eng", 48), ("code", 16), ("cmn", 10), ("deu", 8), ("spa", 7), ("fra", 5), ("und", 6)];

/// How busy each hour of a day is.
const HOURS: [u64; 24] =
    [4, 3, 3, 2, 2, 3, 4, 6, 8, 10, 11, 11, 10, 11, 12, 12, 11, 10, 9, 8, 7, 6, 5, 5];

impl Maker {
    /// Takes the models, the first ones being the most liked, how many accounts there are, and the
    /// day on which its world ends.
    pub fn new(seed: u64, models: Vec<MadeModel>, accounts: usize, last_day: Day) -> Maker {
        let count = models.len().max(1) as f64;
        let mut weights = Vec::with_capacity(accounts);
        let mut sum = 0.0;
        let made: Vec<Account> = (0..accounts)
            .map(|place| {
                let mut lots = Lots::new(mix(seed, place as u64));
                sum += lots.pareto(1.3).min(400.0);
                weights.push(sum);
                // A square leans towards the first ones.
                let mut like =
                    || ((lots.unit() * lots.unit() * count) as usize).min(models.len() - 1);
                let likes = [like(), like(), like(), like()];
                Account {
                    name: format!("made-{place:05}").into(),
                    key: format!("{:064x}", mix(seed ^ 1, place as u64)).into(),
                    likes,
                    app: (lots.below(100) < 55).then(|| lots.below(APPS.len() as u64) as usize),
                    age: lots.below(200) as i64,
                }
            })
            .collect();
        Maker {
            seed,
            models,
            accounts: made,
            weights,
            apps: APPS.iter().map(|(url, title)| ((*url).into(), (*title).into())).collect(),
            languages: LANGUAGES.map(|(word, _)| word.into()),
            last_day,
        }
    }

    /// Makes about `count` events of a day, in the order of their time.
    pub fn day(&self, day: Day, count: usize) -> Vec<Event> {
        // Weekends are quieter, and there are more of everything from week to week.
        let weekday = (day + 3).rem_euclid(7);
        let share = if weekday < 5 { 1.08 } else { 0.8 };
        let growth = 1.0 - 0.004 * (self.last_day - day).clamp(0, 150) as f64;
        let count = (count as f64 * share * growth) as u64;
        self.some(day, 0..count)
    }

    /// Makes those events of a day that have these numbers, in the order of their time.
    /// A number has no event where the account that it falls to had not come yet.
    pub fn some(&self, day: Day, numbers: std::ops::Range<u64>) -> Vec<Event> {
        if self.models.is_empty() {
            return Vec::new();
        }
        let mut events: Vec<Event> = numbers
            .filter_map(|number| {
                let mut lots = Lots::new(mix(mix(self.seed, day as u64), number));
                self.event(day, &mut lots)
            })
            .collect();
        events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        events
    }

    fn event(&self, day: Day, lots: &mut Lots) -> Option<Event> {
        let account = self.account(lots);
        if account.age < self.last_day - day {
            return None;
        }
        let place = self.model(account, day, lots);
        let model = &self.models[place];
        let at = Timestamp::from_ms(day * DAY_MS + moment(lots));
        let task = self.task(account, lots);
        let tokens = tokens(task, lots);
        let (endpoint, failed) = served(model, at, lots);
        let mut event = Event {
            id: GenerationId::new(
                at.seconds(),
                u128::from(lots.next()) << 56 | u128::from(lots.next()),
            ),
            at,
            account: account.name.clone(),
            key: account.key.clone(),
            model: model.id.clone(),
            endpoint: None,
            provider: None,
            region: None,
            app: account.app.map(|app| self.apps[app].0.clone()),
            app_title: account.app.map(|app| self.apps[app].1.clone()),
            outcome: Outcome::Refused,
            finish: Finish::Unknown,
            tokens: Tokens::default(),
            cost_nanos: 0,
            list_nanos: 0,
            list_prompt_nanos: 0,
            cache_saved_nanos: 0,
            ttft_ms: None,
            duration_ms: 400 + lots.below(900) as u32,
            service: Service::Untold,
            failed,
            tools: None,
            tool_calls: 0,
            tool_calls_invalid: 0,
            tool_verdict: None,
            task: Some(task),
            language: Some(self.languages[lots.pick(LANGUAGES.iter().map(|it| it.1))].clone()),
            streamed: lots.below(10) < 8,
            routed: lots.below(50) == 0,
            synthetic: true,
        };
        offer_tools(&mut event, task, lots);
        if let Some(endpoint) = endpoint {
            answer(&mut event, endpoint, tokens, lots);
        }
        Some(event)
    }

    fn account(&self, lots: &mut Lots) -> &Account {
        let wanted = lots.unit() * self.weights.last().copied().unwrap_or_default();
        let place = self.weights.partition_point(|sum| *sum < wanted);
        &self.accounts[place.min(self.accounts.len() - 1)]
    }

    /// Returns which model an account takes: mostly one that it likes. The fourth is taken up by
    /// ever more accounts in the last week; the sixth came forty days before the end.
    fn model(&self, account: &Account, day: Day, lots: &mut Lots) -> usize {
        let left = self.last_day - day;
        let is_early = mix(self.seed ^ 4, account.age as u64) % 100 < 45;
        if left < 7 && 3 < self.models.len() && is_early && lots.below(100) < 40 {
            return 3;
        }
        let place = account.likes[lots.pick([60, 22, 12, 6].into_iter())];
        if place == 5 && 40 < left { 0 } else { place }
    }

    fn task(&self, account: &Account, lots: &mut Lots) -> Tag {
        let home = mix(self.seed ^ 7, account.age as u64) % Tag::CLASSES as u64;
        let place = if lots.below(100) < 50 {
            home
        } else {
            (lots.unit() * lots.unit() * Tag::CLASSES as f64) as u64
        };
        Tag::at(place as usize)
    }
}

/// Returns the milliseconds of a day at which something happens.
fn moment(lots: &mut Lots) -> i64 {
    let hour = lots.pick(HOURS.into_iter()) as i64;
    hour * 3_600_000 + lots.below(3_600_000) as i64
}

fn tokens(task: Tag, lots: &mut Lots) -> Tokens {
    let scale = if task.key().starts_with("code:") || task.key().starts_with("agent:") {
        9_000.0
    } else {
        900.0
    };
    let prompt = (scale * lots.bell(1.2)).clamp(8.0, 900_000.0) as u32;
    let cached = if lots.below(100) < 35 { lots.below(80) as u32 } else { 0 };
    let cache_read = (u64::from(prompt) * u64::from(cached) / 100) as u32;
    let cache_write = if lots.below(100) < 6 { (prompt - cache_read) / 2 } else { 0 };
    let output = (260.0 * lots.bell(1.0)).clamp(1.0, 30_000.0) as u32;
    let reasoning = if lots.below(100) < 25 { output / 2 } else { 0 };
    Tokens { input: prompt - cache_read - cache_write, cache_read, cache_write, output, reasoning }
}

/// Returns who serves, after whose failures. Each endpoint has its own rate of failures; for two
/// hours of every 17th day one in three of its tries fails.
fn served<'a>(
    model: &'a MadeModel,
    at: Timestamp,
    lots: &mut Lots,
) -> (Option<&'a MadeEndpoint>, Vec<FailedTry>) {
    let count = model.endpoints.len();
    let first = (lots.unit() * lots.unit() * count as f64) as usize;
    let mut failed = Vec::new();
    for step in 0..count.min(3) {
        let endpoint = &model.endpoints[(first + step) % count];
        let own = mix(0x51, text(&endpoint.id));
        let is_bad = (at.day() as u64 + own).is_multiple_of(17)
            && (9..11).contains(&(at.ms() / 3_600_000 % 24));
        let in_ten_thousand = if is_bad { 3_300 } else { 10 + own % 160 };
        if lots.below(10_000) >= in_ten_thousand {
            return (Some(endpoint), failed);
        }
        let service = if lots.below(4) == 0 { Service::Busy } else { Service::Failed };
        failed.push(FailedTry { endpoint: endpoint.id.clone(), service });
    }
    (None, failed)
}

fn offer_tools(event: &mut Event, task: Tag, lots: &mut Lots) {
    let is_agent = task.key().starts_with("code:") || task.key().starts_with("agent:");
    if lots.below(100) < if is_agent { 70 } else { 8 } {
        event.tools = Some(1 + (lots.unit() * lots.unit() * 30.0) as u16);
    } else if lots.below(50) != 0 {
        event.tools = Some(0);
    }
}

/// Lets an endpoint answer.
fn answer(event: &mut Event, endpoint: &MadeEndpoint, tokens: Tokens, lots: &mut Lots) {
    let own = mix(0x77, text(&endpoint.id));
    let usage = usage(&tokens);
    event.endpoint = Some(endpoint.id.clone());
    event.provider = Some(endpoint.provider.clone());
    event.region.clone_from(&endpoint.region);
    event.tokens = tokens;
    event.list_nanos = nanos(endpoint.price.charge(&usage));
    event.list_prompt_nanos = nanos(endpoint.price.charge_prompt(&usage));
    let uncached = Usage { input: tokens.prompt(), cache_read: 0, cache_write: 0, ..usage };
    event.cache_saved_nanos =
        endpoint.price.charge(&uncached).nanos() - endpoint.price.charge(&usage).nanos();
    let ttft = (180 + own % 900) as f64 * lots.bell(0.45) + f64::from(tokens.prompt()) / 60.0;
    let pace = (25 + own / 1_000 % 140) as f64 * lots.bell(0.2);
    let took = ttft + f64::from(tokens.output) / pace.max(1.0) * 1_000.0;
    event.duration_ms = took.max(1.0) as u32;
    event.ttft_ms = Some(if event.streamed { ttft.max(1.0) as u32 } else { event.duration_ms });
    let (outcome, finish, service) = ending(event, lots);
    (event.outcome, event.finish, event.service) = (outcome, finish, service);
    if outcome != Outcome::Broken {
        event.cost_nanos = event.list_nanos;
    }
    if finish == Finish::ToolCalls {
        event.tool_calls = 1 + lots.below(3) as u16;
        event.tool_verdict = Some(verdict(own, lots));
        let is_invalid = event.tool_verdict.is_some_and(ToolVerdict::is_invalid);
        event.tool_calls_invalid = u16::from(is_invalid);
    }
}

/// Each endpoint has its own rate of calls that are not valid. Of what is left one in twenty has a
/// schema that is not understood.
fn verdict(own: u64, lots: &mut Lots) -> ToolVerdict {
    let wrong = 5 + own % 30;
    match lots.below(1_000) {
        lot if lot < wrong / 3 => ToolVerdict::Unparseable,
        lot if lot < wrong / 2 => ToolVerdict::UnknownTool,
        lot if lot < wrong => ToolVerdict::SchemaMismatch,
        lot if lot < wrong + 50 => ToolVerdict::Unjudged,
        _ => ToolVerdict::Valid,
    }
}

fn ending(event: &Event, lots: &mut Lots) -> (Outcome, Finish, Service) {
    match lots.below(1_000) {
        0..4 => (Outcome::Broken, Finish::Error, Service::Failed),
        4..20 => (Outcome::Cancelled, Finish::Unknown, Service::Untold),
        20..60 => (Outcome::Finished, Finish::Length, Service::Served),
        60..63 => (Outcome::Finished, Finish::Filter, Service::Served),
        _ if event.tools.is_some_and(|tools| tools != 0) && lots.below(100) < 60 => {
            (Outcome::Finished, Finish::ToolCalls, Service::Served)
        }
        _ => (Outcome::Finished, Finish::Stop, Service::Served),
    }
}

fn usage(tokens: &Tokens) -> Usage {
    Usage {
        input: tokens.input,
        cache_read: tokens.cache_read,
        cache_write: tokens.cache_write,
        output: tokens.output,
        reasoning: tokens.reasoning,
        ..Usage::default()
    }
}

fn nanos(money: domain::money::Money) -> u64 {
    money.nanos().max(0).unsigned_abs()
}

/// Returns a number of a text that is the same in every version.
fn text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| mix(hash, u64::from(byte)))
}
