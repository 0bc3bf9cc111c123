//! The world of a public instance: accounts that count and accounts that do not, models and slices
//! with too few behind them, and one account that is most of a slice.

use classify::Tag;
use domain::generation::Outcome;
use domain::id::GenerationId;
use domain::time::{DAY_MS, Timestamp};
use traffic::event::{Event, Finish, Name, Service, Tokens};
use traffic::figures::make::{KnownEndpoint, Terms};
use traffic::figures::{Day, Figures, make};
use traffic::store::Store;

use crate::world::TODAY;

/// The first day of which there is anything.
pub(super) const FIRST: Day = TODAY - 130;
/// Days after today that are known: so many more releases.
pub(super) const DAYS_AFTER: Day = 7;
pub(super) const CROWD: u64 = 80;
pub(super) const HOUSE: &str = "house";
pub(super) const VERIFIED: [&str; 3] =
    ["https://code.example.com", "https://chat.example.com", "https://tiny.example.com"];

/// Models with their providers.
pub(super) const MODELS: [(&str, &[&str]); 9] = [
    ("a/broad", &["north", "south"]),
    ("a/second", &["north"]),
    ("b/third", &["south", "east"]),
    ("b/fourth", &["east", "west"]),
    ("c/fifth", &["west"]),
    ("c/sixth", &["lone"]),
    // Six accounts use it.
    ("d/small", &["north", "lone"]),
    // It costs nothing.
    ("d/free", &["south"]),
    // Few use it, one of them in a language of its own.
    ("e/niche", &["north", "west"]),
];

/// A generator with a state (xorshift64*).
pub(super) struct Lots(u64);

impl Lots {
    pub(super) fn new(seed: u64) -> Lots {
        Lots(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Heavy-tailed, from 1 on: most are small.
    pub(super) fn heavy(&mut self) -> u64 {
        let unit = (self.below(1 << 20) + 1) as f64 / (1_u64 << 20) as f64;
        unit.powf(-0.8).min(60.0) as u64
    }
}

/// One request.
#[derive(Clone)]
pub(super) struct Ask<'a> {
    pub(super) account: &'a str,
    pub(super) model: &'a str,
    pub(super) day: Day,
    pub(super) prompt: u32,
    pub(super) cached: u32,
    pub(super) output: u32,
    pub(super) task: &'a str,
    pub(super) language: &'a str,
    pub(super) app: Option<&'a str>,
    pub(super) tools: u16,
    pub(super) is_paid: bool,
}

/// Makes its event: which of its providers served, and when, are lots.
pub(super) fn event(ask: &Ask<'_>, lots: &mut Lots) -> Event {
    let at = Timestamp::from_ms(ask.day * DAY_MS + lots.below(DAY_MS as u64) as i64);
    let providers = MODELS.iter().find(|model| model.0 == ask.model).unwrap().1;
    // The first provider has most of it.
    let place = if lots.below(100) < 70 { 0 } else { lots.below(providers.len() as u64) };
    let provider = providers[place as usize];
    let list_prompt = u64::from(ask.prompt) * 30_000;
    let list = list_prompt + u64::from(ask.output) * 120_000;
    let list = if ask.model == "d/free" { 0 } else { list };
    let has_failed = lots.below(50) == 0;
    Event {
        id: GenerationId::new(
            at.seconds(),
            u128::from(lots.next()) << 56 | u128::from(lots.next()),
        ),
        at,
        account: ask.account.into(),
        key: format!("key of {}", ask.account).into(),
        model: ask.model.into(),
        endpoint: Some(endpoint(provider, ask.model)),
        provider: Some(provider.into()),
        region: None,
        app: ask.app.map(Name::from),
        app_title: ask.app.map(Name::from),
        outcome: Outcome::Finished,
        finish: if has_failed { Finish::Error } else { Finish::Stop },
        tokens: Tokens {
            input: ask.prompt - ask.cached,
            cache_read: ask.cached,
            output: ask.output,
            ..Tokens::default()
        },
        cost_nanos: if ask.is_paid { list } else { 0 },
        list_nanos: list,
        list_prompt_nanos: list.min(list_prompt),
        cache_saved_nanos: 0,
        ttft_ms: Some(200 + lots.below(900) as u32),
        duration_ms: 2_000 + lots.below(9_000) as u32,
        service: if has_failed { Service::Failed } else { Service::Served },
        failed: Vec::new(),
        tools: Some(ask.tools),
        tool_calls: 0,
        tool_calls_invalid: 0,
        tool_verdict: None,
        task: Tag::parse(ask.task),
        language: Some(ask.language.into()),
        streamed: true,
        routed: (ask.prompt + ask.output).is_multiple_of(7),
        synthetic: false,
    }
}

pub(super) fn endpoint(provider: &str, model: &str) -> Name {
    format!("{provider}/{model}").into()
}

/// What everybody asks on a day: the crowd, and those who do not count.
pub(super) fn day(day: Day) -> Vec<Event> {
    let mut lots = Lots::new(0xc0de ^ day as u64);
    let mut events = Vec::new();
    for account in 0..CROWD {
        // Some come late, and each is away on some days.
        if day < FIRST + account as Day / 4 || lots.below(8) == 0 {
            continue;
        }
        for _ in 0..2 + lots.below(3) {
            let ask = asked(account, day, &mut lots);
            events.push(event(&ask.as_ask(), &mut lots));
        }
    }
    let base = Ask {
        account: "",
        model: "a/second",
        day,
        prompt: 9_000,
        cached: 0,
        output: 700,
        task: "qa_knowledge",
        language: "eng",
        app: None,
        tools: 0,
        is_paid: true,
    };
    // Young ones, each three days old at most; some who never pay; and the house itself.
    for number in 0..10_u64 {
        let young = format!("young-{}-{number}", day / 3);
        events.push(event(&Ask { account: &young, ..base.clone() }, &mut lots));
        let unpaid = format!("unpaid-{number}");
        events.push(event(&Ask { account: &unpaid, is_paid: false, ..base.clone() }, &mut lots));
        events.push(event(&Ask { account: HOUSE, prompt: 900_000, ..base.clone() }, &mut lots));
    }
    // One account has nearly all of a language of a model.
    for _ in 0..6 {
        let whale = Ask {
            account: "account-03",
            model: "a/broad",
            prompt: 60_000,
            language: "deu",
            ..base.clone()
        };
        events.push(event(&whale, &mut lots));
    }
    for account in 64..78 {
        let account = format!("account-{account}");
        let is_own = account == "account-64";
        let (prompt, language) = if is_own { (90_000, "deu") } else { (9_000, "eng") };
        let task = "untold";
        let niche =
            Ask { account: &account, model: "e/niche", prompt, language, task, ..base.clone() };
        events.push(event(&niche, &mut lots));
    }
    events
}

/// What an account of the crowd asks.
struct Asked {
    account: String,
    model: &'static str,
    day: Day,
    prompt: u32,
    cached: u32,
    output: u32,
    task: &'static str,
    language: &'static str,
    app: Option<&'static str>,
    tools: u16,
}

impl Asked {
    fn as_ask(&self) -> Ask<'_> {
        Ask {
            account: &self.account,
            model: self.model,
            day: self.day,
            prompt: self.prompt,
            cached: self.cached,
            output: self.output,
            task: self.task,
            language: self.language,
            app: self.app,
            tools: self.tools,
            is_paid: true,
        }
    }
}

fn asked(account: u64, day: Day, lots: &mut Lots) -> Asked {
    let model = match (account, lots.below(100)) {
        (0..6, 0..30) => "d/small",
        (_, 0..34) => "a/broad",
        (_, 34..58) => "a/second",
        (_, 58..76) => "b/third",
        (_, 76..88) => "b/fourth",
        (_, 88..94) => "c/fifth",
        (_, 94..98) => "c/sixth",
        _ => "d/free",
    };
    let prompt = (400 * lots.heavy() * (1 + account % 5)) as u32;
    Asked {
        account: format!("account-{account:02}"),
        model,
        day,
        prompt,
        cached: if lots.below(3) == 0 { prompt / 3 } else { 0 },
        output: 40 + lots.below(900) as u32,
        task: ["code:general_impl", "translation", "qa_knowledge", "roleplay_fiction"]
            [(lots.below(7) / 2) as usize],
        language: match lots.below(100) {
            0..80 => "eng",
            80..97 => "fra",
            _ => "deu",
        },
        app: match (account, lots.below(10)) {
            (0..30, 0..8) => Some(VERIFIED[0]),
            (30..60, 0..5) => Some(VERIFIED[1]),
            (60..64, _) => Some(VERIFIED[2]),
            (64.., _) => Some("https://unproven.example.com"),
            _ => None,
        },
        tools: [0, 0, 0, 2, 9][lots.below(5) as usize],
    }
}

/// Every event, oldest first.
pub(super) fn all() -> Vec<Event> {
    (FIRST..=TODAY + DAYS_AFTER).flat_map(day).collect()
}

pub(super) fn terms() -> Terms {
    let known = |model: &str, provider: &&str| KnownEndpoint {
        id: endpoint(provider, model).to_string(),
        model: model.to_owned(),
        provider: (*provider).to_owned(),
        price: None,
    };
    Terms {
        endpoints: MODELS
            .iter()
            .flat_map(|(model, providers)| providers.iter().map(move |it| known(model, it)))
            .collect(),
        is_public: true,
        verified_apps: VERIFIED.iter().map(|it| (*it).to_owned()).collect(),
        excluded_accounts: [HOUSE.to_owned()].into(),
        ..Terms::default()
    }
}

/// The release of a day: what is told at noon of the day after it.
pub(super) async fn release(store: &Store, day: Day) -> Figures {
    let noon = Timestamp::from_ms((day + 1) * DAY_MS + DAY_MS / 2);
    make::make(store, &terms(), noon).await.unwrap()
}
