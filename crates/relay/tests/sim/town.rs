//! A town: many callers over minutes, and providers that change with the hour.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::Failure;
use domain::key::{ApiKey, Spend};
use domain::port::{Entropy, Waiting};
use relay::{Call, Offer, Response, Snapshot, Upstream, World, relay};
use tokio::time::{Instant, sleep_until, timeout};

use crate::books::{Memory, MemoryLedger};
use crate::oracle::Seen;
use crate::upstream::{Fate, act};
use crate::world::{Dice, TIMEOUTS, call, catalog, heard, key, offer, overlay, rest, world};

/// What an endpoint does at a time, in milliseconds since the beginning.
pub type Almanac = dyn Fn(u32, u64, u64) -> Fate + Send + Sync;

/// Providers that do what the almanac says.
struct Timed {
    begun: Instant,
    almanac: Box<Almanac>,
    dice: Mutex<Dice>,
    asked: Mutex<Vec<(u32, u64)>>,
}

impl Upstream for Timed {
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        _credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        let now = self.begun.elapsed().as_millis() as u64;
        self.asked.lock().unwrap().push((endpoint.0, now));
        let lot = self.dice.lock().unwrap().roll(1_000);
        Box::pin(act((self.almanac)(endpoint.0, now, lot), wire.streams))
    }
}

/// Randomness from a seed.
struct Seeded(Mutex<Dice>);

impl Entropy for Seeded {
    fn draw(&self) -> u128 {
        let mut dice = self.0.lock().unwrap();
        u128::from(dice.roll(u64::MAX)) << 64 | u128::from(dice.roll(u64::MAX))
    }
}

/// A town of `providers` that all offer one model at one price.
pub struct Town {
    world: Arc<World>,
    snapshot: Arc<Snapshot>,
    upstream: Arc<Timed>,
    keys: Vec<Arc<ApiKey>>,
    begun: Instant,
    /// What was settled.
    pub archived: Arc<Memory>,
    /// Callers ask for a second endpoint beside a slow one.
    pub hedges: bool,
    /// How long callers wait for the end of an answer.
    pub patience_ms: u64,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it was sent, in milliseconds since the beginning.
    pub at: u64,
    /// How long it took.
    pub took: u64,
    pub seen: Seen,
    /// What a refusal says about trying again.
    pub retry_after_ms: Option<u64>,
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const CALLERS: usize = 16;

impl Town {
    pub fn found(providers: usize, seed: u64, almanac: Box<Almanac>) -> Town {
        let rows: Vec<(&str, &str)> = NAMES[..providers].iter().map(|it| (*it, "1")).collect();
        let catalog = catalog(overlay(&rows, true));
        let begun = Instant::now();
        let upstream = Arc::new(Timed {
            begun,
            almanac,
            dice: Mutex::new(Dice::new(seed)),
            asked: Mutex::default(),
        });
        let offers: Vec<Offer> = (0..providers as u32).map(EndpointIx).map(offer).collect();
        let archived = Arc::new(Memory::default());
        let ledger = Arc::new(MemoryLedger::new(archived.clone()));
        let keys: Vec<Arc<ApiKey>> = (0..CALLERS)
            .map(|it| Arc::new(ApiKey { limit: None, ..key(&it.to_string()) }))
            .collect();
        keys.iter().for_each(|key| ledger.open(&key.id, Spend::default()));
        let world = world(Seeded(Mutex::new(Dice::new(seed ^ 0xfeed))), ledger);
        let snapshot = Snapshot::new(catalog, upstream.clone(), TIMEOUTS, &offers, &world.health);
        Town {
            world: Arc::new(world),
            snapshot: Arc::new(snapshot),
            upstream,
            keys,
            begun,
            archived,
            hedges: false,
            patience_ms: u64::MAX,
        }
    }

    /// Has `requests` sent, one every `gap_ms`, and returns what became of them.
    pub async fn live(&self, requests: u64, gap_ms: u64) -> Vec<Told> {
        let mut under_way = Vec::new();
        for number in 0..requests {
            let at = number * gap_ms;
            sleep_until(self.begun + Duration::from_millis(at)).await;
            let asked = ask(self.world.clone(), self.call(number), at, self.patience_ms);
            under_way.push(tokio::spawn(asked));
        }
        let mut told = Vec::new();
        for asked in under_way {
            told.push(asked.await.expect("no request panics"));
        }
        told
    }

    /// Waits until nothing is under way.
    pub async fn rest(&self) {
        rest(&self.world).await;
    }

    /// Returns which endpoint was asked when.
    pub fn asked(&self) -> Vec<(u32, u64)> {
        self.upstream.asked.lock().unwrap().clone()
    }

    fn call(&self, number: u64) -> Call {
        let body = format!(
            "{{\"model\":\"sim/one\",\"stream\":{},\"max_tokens\":10,\"messages\":\
             [{{\"role\":\"user\",\"content\":\"number {number}\"}}],\
             \"provider\":{{\"hedge\":{}}}}}",
            number.is_multiple_of(2),
            self.hedges
        );
        let key = self.keys[number as usize % self.keys.len()].clone();
        call(&self.world, key, body, self.snapshot.clone())
    }
}

async fn ask(world: Arc<World>, call: Call, at: u64, patience_ms: u64) -> Told {
    let begun = Instant::now();
    let answer = async {
        match relay(&world, call).await {
            Err(refusal) => (Seen::refused(&refusal.failure), refusal.failure.retry_after_ms),
            Ok(reply) => (heard(reply).await, None),
        }
    };
    let heard = timeout(Duration::from_millis(patience_ms), answer).await;
    let (seen, retry_after_ms) = heard.unwrap_or((Seen::Left, None));
    Told { at, took: begun.elapsed().as_millis() as u64, seen, retry_after_ms }
}
