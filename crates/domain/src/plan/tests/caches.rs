//! Conversations and the caches of their prompts, simulated: each provider keeps one for each of
//! its credentials and knows nothing of the others'.

use std::collections::HashMap;

use crate::catalog::{Catalog, ModelIx};
use crate::health::{EndpointHealth, Gate, Load};
use crate::plan::draw::Lots;
use crate::plan::stage::{Moment, endpoint, facts, three};
use crate::plan::{Bond, Stay, Wanted};
use crate::price::{Price, PriceCard, Rate};
use crate::request::{Facts, Preferences};
use crate::time::Timestamp;
use crate::usage::Usage;

const CONVERSATIONS: usize = 1_000;
const TURNS: u32 = 10;
const CREDENTIALS: u64 = 2;
const MINUTE_MS: i64 = 60_000;
/// The longest pause between two turns: within the hour for which the caches are paid.
const GAP_MAX_MINUTES: usize = 55;

fn price() -> Price {
    let rate = |dollars| Rate::parse(dollars, 1_000_000);
    Price {
        input: rate("3"),
        output: rate("15"),
        cache_read: rate("0.3"),
        cache_write_1h: rate("6"),
        ..Price::default()
    }
}

/// Three providers at one price.
fn catalog() -> Catalog {
    three(|_, _, endpoint| endpoint.price = Some(PriceCard::flat(price())))
}

/// One turn of a conversation, in the order of time.
#[derive(Clone, Copy)]
struct Turn {
    at: Timestamp,
    conversation: usize,
    tokens: u32,
}

/// A thousand conversations that grow with each turn, interleaved.
fn turns(lots: &mut Lots) -> Vec<Turn> {
    let mut turns = Vec::new();
    for conversation in 0..CONVERSATIONS {
        let mut at = lots.below(60) as i64 * MINUTE_MS + lots.below(60_000) as i64;
        let mut tokens = 2_000 + lots.below(30_000) as u32;
        for _ in 0..TURNS {
            turns.push(Turn { at: Timestamp::from_ms(at), conversation, tokens });
            at += lots.below(GAP_MAX_MINUTES * 60_000) as i64;
            tokens += 200 + lots.below(4_000) as u32;
        }
    }
    turns.sort_by_key(|turn| turn.at);
    turns
}

/// What the providers keep, and what they were asked.
#[derive(Default)]
struct Caches {
    /// By endpoint, credential and conversation: tokens, and until when.
    kept: HashMap<(u32, u64, usize), (u32, Timestamp)>,
    asked: HashMap<(u32, u64), u32>,
    read: u64,
    prompt: u64,
}

impl Caches {
    fn ask(&mut self, (endpoint, credential): (u32, u64), turn: Turn) -> Usage {
        let slot = (endpoint, credential, turn.conversation);
        let alive = self.kept.get(&slot).filter(|(_, until)| turn.at < *until);
        let cache_read = alive.map_or(0, |(tokens, _)| *tokens);
        self.kept.insert(slot, (turn.tokens, turn.at.plus_ms(60 * MINUTE_MS)));
        *self.asked.entry((endpoint, credential)).or_default() += 1;
        self.read += u64::from(cache_read);
        self.prompt += u64::from(turn.tokens);
        Usage { cache_read, cache_write_1h: turn.tokens - cache_read, ..Usage::default() }
    }

    /// Cached tokens of all, in ten thousand.
    fn ratio(&self) -> u64 {
        self.read * 10_000 / self.prompt
    }
}

/// Serves every turn, and returns the caches. `closed`: whether an endpoint takes nothing then.
fn serve(turns: &[Turn], lots: &mut Lots, closed: &dyn Fn(u32, Timestamp) -> bool) -> Caches {
    let catalog = catalog();
    let mut caches = Caches::default();
    let mut bonds: HashMap<usize, Bond> = HashMap::new();
    for turn in turns {
        let asked = caches.asked.clone();
        let busy = |endpoint: u32| -> u32 {
            (0..CREDENTIALS).filter_map(|it| asked.get(&(endpoint, it))).sum()
        };
        let health = |endpoint: u32| EndpointHealth {
            gate: match closed(endpoint, turn.at) {
                true => Gate::Closed { until: turn.at.plus_ms(1) },
                false => Gate::Open,
            },
            // As many are under way as there were ever: the pressure of a steady load.
            load: Load { first_token_ms: 300, tokens_per_second: 50, in_flight: busy(endpoint) },
            ..EndpointHealth::default()
        };
        let moment = Moment {
            health: &health,
            bond: bonds.get(&turn.conversation),
            now: turn.at,
            entropy: u128::from(lots.below(usize::MAX) as u64),
            ..Moment::of(&catalog)
        };
        let wants = Facts { prompt_bytes: turn.tokens * 4, ..facts(Preferences::default()) };
        let plan = moment.plan(&wants, &[Wanted::plain(ModelIx(0))]).unwrap();
        let first = plan.candidates[0];
        let least = |it: &u64| asked.get(&(first.endpoint.0, *it)).copied().unwrap_or(0);
        let spare = (0..CREDENTIALS).min_by_key(least).unwrap();
        let credential = first.credential.unwrap_or(spare);
        assert!(!closed(first.endpoint.0, turn.at), "a closed endpoint was asked");
        let usage = caches.ask((first.endpoint.0, credential), *turn);
        let id = &catalog.endpoint(first.endpoint).id;
        let place = (id.as_str(), Some(credential));
        let before = bonds.get(&turn.conversation);
        let bond = Bond::after(before, place, (&usage, &price()), false, turn.at);
        bonds.insert(turn.conversation, bond.unwrap());
    }
    caches
}

#[test]
fn conversations_find_their_caches_and_load_stays_even() {
    let mut lots = Lots::new(11);
    let turns = turns(&mut lots);
    let caches = serve(&turns, &mut lots, &|_, _| false);
    // At best every conversation finds all of what it said before.
    let mut best = Caches::default();
    for turn in &turns {
        best.ask((0, 0), *turn);
    }
    assert!(7_000 < best.ratio());
    let share = caches.ratio() * 100 / best.ratio();
    assert!(98 <= share, "{share} % of the best possible: {} of {}", caches.ratio(), best.ratio());
    let mean = turns.len() as u32 / caches.asked.len() as u32;
    assert_eq!(caches.asked.len(), 6);
    for (place, count) in &caches.asked {
        assert!(count.abs_diff(mean) * 5 < mean, "{place:?} was asked {count} times, not {mean}");
    }
}

#[test]
fn nobody_stays_where_the_door_is_closed() {
    let mut lots = Lots::new(12);
    let turns = turns(&mut lots);
    // Each endpoint in turn takes nothing for a quarter of an hour; `serve` watches.
    let closed =
        |endpoint: u32, at: Timestamp| (at.ms() / (15 * MINUTE_MS)) % 6 == i64::from(endpoint);
    let caches = serve(&turns, &mut lots, &closed);
    assert!(4_000 < caches.ratio(), "{}", caches.ratio());
}

#[test]
fn a_conversation_moves_when_another_is_better_by_more() {
    let dear = PriceCard::flat(price());
    let catalog = three(|place, _, it| match place {
        0 => it.price = Some(dear.clone()),
        _ => it.price = endpoint(0, 0, "0.5").price,
    });
    let stay = |tokens: u32, demoted: bool, order: bool| {
        let bond = Bond {
            endpoint: catalog.endpoints()[0].id.clone(),
            tokens,
            lives_ms: 600_000,
            hits: 100,
            ..Bond::default()
        };
        let health =
            |place| EndpointHealth { is_demoted: demoted && place == 0, ..Default::default() };
        let moment = Moment { bond: Some(&bond), health: &health, ..Moment::of(&catalog) };
        let order = if order { vec!["b".to_owned()] } else { vec![] };
        let wants = Preferences { order, ..Preferences::default() };
        // 100,000 tokens of prompt.
        let wants = Facts { prompt_bytes: 400_000, ..facts(wants) };
        let plan = moment.plan(&wants, &[Wanted::plain(ModelIx(0))]).unwrap();
        (plan.stay.unwrap(), plan.candidates[0].endpoint.0)
    };
    assert!(matches!(stay(99_000, false, false), (Stay::Stays { .. }, 0)));
    assert!(matches!(stay(1_000, false, false), (Stay::NotWorthIt { .. }, 1..)));
    assert!(matches!(stay(99_000, true, false), (Stay::NotWorthIt { .. }, 1..)));
    assert_eq!(stay(99_000, false, true).0, Stay::Ordered);
}
