//! One process of a node, and the requests that it serves.

use std::collections::BTreeMap;

use domain::books::Amounts;
use domain::gate::Gate;
use domain::generation::{Generation, GenerationDetail, Outcome};
use domain::id::{AccountId, GenerationId, InstanceId, KeyId};
use domain::money::Money;
use domain::port::{Ended, Mark, Progress};
use domain::purse::{Period, Purse};
use domain::time::Timestamp;
use domain::usage::Usage;
use ledger::desk::{Ask, Desk};

use crate::disk::{Folder, Hand};

/// What a token costs, so that the leases' usual sizes are a few requests.
pub const TOKEN_NANOS: i64 = 100_000;

pub fn tokens(tokens: i64) -> Money {
    Money::from_nanos(tokens * TOKEN_NANOS)
}

/// A desk, and the disk under it.
pub struct Post {
    pub desk: Desk,
    pub hand: Hand,
    pub folder: Folder,
}

/// A process.
pub struct Node {
    /// Counts the node's processes: an answer to an earlier one is lost.
    pub life: u64,
    pub is_up: bool,
    pub is_paused: bool,
    pub live: Option<InstanceId>,
    pub posts: BTreeMap<InstanceId, Post>,
    pub serving: BTreeMap<GenerationId, Serving>,
    /// Ends that wait to be durable before they are shown: the mark and the charge.
    pub closing: Vec<(GenerationId, Mark, Money)>,
    /// By how many days its clock is wrong.
    pub skew_days: i64,
}

/// A request under way.
pub struct Serving {
    pub gate: Gate,
    pub intent: Mark,
    pub produced: i64,
    pub actual: i64,
    pub streams: bool,
}

impl Node {
    pub fn down() -> Node {
        Node {
            life: 0,
            is_up: false,
            is_paused: false,
            live: None,
            posts: BTreeMap::new(),
            serving: BTreeMap::new(),
            closing: Vec::new(),
            skew_days: 0,
        }
    }

    pub fn live(&mut self) -> Option<&mut Post> {
        self.posts.get_mut(self.live.as_ref()?)
    }
}

pub fn key(number: u64) -> KeyId {
    KeyId::new(&format!("key{number}"))
}

pub fn account(number: u64) -> AccountId {
    AccountId::new(&format!("account{number}"))
}

/// What account 0 may spend in a day.
pub fn budget(created: Timestamp) -> Purse {
    Purse::Budget(BUDGET.to_owned(), Period::at(Some(domain::key::Reset::Daily), created))
}

/// The budget of account 0.
pub const BUDGET: &str = "account0.daily";

/// A day in the life of the simulation.
pub fn day(number: i64) -> Timestamp {
    Timestamp::from_ms(1_787_000_000_000).plus_ms(number * 86_400_000)
}

/// Asks for a generation of `floor` to `ceiling` tokens. Key 0 has no limit, key 1 one for ever,
/// key 2 one for each day. Account 0 has a budget for each day.
pub fn ask(
    number: u64,
    payer: u64,
    key_number: u64,
    created: Timestamp,
    (floor, ceiling): (i64, i64),
) -> Ask {
    let mut purses = vec![Purse::Account(account(payer))];
    let reset = (key_number == 2).then_some(domain::key::Reset::Daily);
    if key_number != 0 {
        purses.push(Purse::Key(key(key_number), Period::at(reset, created)));
    }
    if payer == 0 {
        purses.push(budget(created));
    }
    let draft = Generation {
        id: GenerationId::new(1_787_000_000, u128::from(number) << 8),
        created,
        key: key(key_number),
        model: "m".to_owned(),
        endpoint: None,
        provider: None,
        provider_name: None,
        outcome: Outcome::Broken,
        usage: Usage::default(),
        cost: Money::ZERO,
        cache_discount: Money::ZERO,
        detail: GenerationDetail::default(),
    };
    let (floor, ceiling) = (tokens(floor), tokens(ceiling));
    Ask { draft, account: account(payer), purses, ceiling, floor }
}

pub fn progress(id: &GenerationId, produced: i64) -> Progress {
    let usage = Usage { output: produced as u32, ..Usage::default() };
    Progress { generation: id.clone(), charge: tokens(produced), usage, served: None }
}

pub fn ended(mut draft: Generation, charge: Money, amounts: Amounts) -> Ended {
    draft.cost = charge;
    draft.outcome = Outcome::Finished;
    Ended { generation: draft, price: None, amounts }
}
