//! A stage for one request: a small catalog, scripted providers, books that remember.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::{Layers, SourceFile};
use dialect::request::Request;
use domain::catalog::{Catalog, EndpointIx};
use domain::generation::App;
use domain::id::{GenerationId, KeyId};
use domain::key::{ApiKey, Spend};
use domain::limit::Unlimited;
use domain::money::Money;
use domain::port::{Clock, Entropy};
use domain::time::Timestamp;
use relay::mutant::Mutant;
use relay::{Bonds, Call, Drains, Offer, Reply, ReplyBody, Snapshot, Timeouts, World, relay};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::books::{Memory, MemoryLedger};
use crate::oracle::Seen;
use crate::tally::{Tally, rules};
use crate::upstream::{Fate, Scripted};

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers on every machine and compiler.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What happens to one request.
#[derive(Debug)]
pub struct Scene {
    pub seed: u64,
    /// What each endpoint does, in the order of the plan.
    pub fates: Vec<Fate>,
    pub streams: bool,
    /// After how long the caller leaves, if it does.
    pub patience_ms: Option<u64>,
    /// Whether closing a connection ends the providers' work.
    pub cancellable: bool,
    /// Whether the house bears what comes to nothing.
    pub is_insured: bool,
}

impl Scene {
    pub fn of(seed: u64) -> Scene {
        let mut dice = Dice::new(seed);
        let fates = (0..3).map(|_| Fate::roll(&mut dice)).collect();
        Scene {
            seed,
            fates,
            streams: dice.roll(2) == 0,
            patience_ms: (dice.roll(3) == 0).then(|| dice.roll(9_000)),
            cancellable: dice.roll(2) == 0,
            is_insured: dice.roll(4) != 0,
        }
    }
}

pub struct Stage {
    pub world: Arc<World>,
    pub ledger: Arc<MemoryLedger>,
    pub tally: Arc<Tally>,
    pub upstream: Arc<Scripted>,
    pub archived: Arc<Memory>,
    pub snapshot: Arc<Snapshot>,
    pub key: Arc<ApiKey>,
}

/// Time as tokio's paused clock has it.
pub struct PausedClock(pub Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_787_000_000_000 + self.0.elapsed().as_millis() as i64)
    }
}

pub struct Drawn(pub u64);

impl Entropy for Drawn {
    fn draw(&self) -> u128 {
        u128::from(self.0)
    }
}

pub const TIMEOUTS: Timeouts = Timeouts {
    first_byte_ms: 2_000,
    first_byte_reasoning_ms: 4_000,
    idle_ms: 1_000,
    idle_reasoning_ms: 2_000,
    total_ms: 60_000,
    total_stream_ms: 60_000,
    keep_alive_ms: 700,
    write_stall_ms: 1_000,
};

/// Providers by name and price in dollars per million tokens, all of one model.
pub fn overlay(providers: &[(&str, &str)], cancellable: bool) -> String {
    let mut text = String::from(
        "[[model]]\nid = \"sim/one\"\nname = \"One\"\ncontext = 8192\nmax_output = 1000\n\
         input_modalities = [\"text\"]\noutput_modalities = [\"text\"]\n",
    );
    for (name, price) in providers {
        text += &format!(
            "[provider.{name}]\nname = \"{name}\"\ndialect = \"openai-chat\"\n\
             base_url = \"http://127.0.0.1:1/v1\"\nauth = \"none\"\ncancellable = {cancellable}\n\
             [[endpoint]]\nprovider = \"{name}\"\nmodel = \"sim/one\"\nid = \"one\"\n\
             price = {{ input = \"{price}\", output = \"{price}\" }}\n"
        );
    }
    text
}

pub fn offer(endpoint: EndpointIx) -> Offer {
    Offer { endpoint, credentials: Vec::new() }
}

const THREE: [(&str, &str); 3] = [("a", "1"), ("b", "2"), ("c", "3")];

impl Stage {
    pub fn build(scene: &Scene) -> Stage {
        Stage::broken(scene, Mutant::None)
    }

    /// Builds a stage on which a rule is broken.
    pub fn broken(scene: &Scene, mutant: Mutant) -> Stage {
        let catalog = catalog(overlay(&THREE, scene.cancellable));
        let upstream = Arc::new(Scripted::new(scene.fates.clone()));
        let offers: Vec<Offer> = (0..3).map(EndpointIx).map(offer).collect();
        let archived = Arc::new(Memory::default());
        let ledger = Arc::new(MemoryLedger::new(archived.clone()));
        if !scene.is_insured {
            ledger.stop_insuring();
        }
        let key = Arc::new(key("k"));
        ledger.open(&key.id, Spend::default());
        let tally = Arc::new(Tally::default());
        let plain = world(Drawn(scene.seed), ledger.clone());
        let world = World { limits: tally.clone(), mutant, ..plain };
        let snapshot = Snapshot::new(catalog, upstream.clone(), TIMEOUTS, &offers, &world.health);
        let snapshot = Arc::new(snapshot.limiting(rules()));
        Stage { world: Arc::new(world), ledger, tally, upstream, archived, snapshot, key }
    }

    /// Sends the request and notes what its caller sees.
    pub async fn perform(&self, scene: &Scene) -> Seen {
        let body = format!(
            "{{\"model\":\"sim/one\",\"provider\":{{\"sort\":\"price\"}},\"stream\":{},\
             \"max_tokens\":100,\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}",
            scene.streams
        );
        let call = call(&self.world, self.key.clone(), body, self.snapshot.clone());
        let listening = listen(self, call);
        let seen = match scene.patience_ms {
            None => listening.await,
            Some(ms) => tokio::time::timeout(Duration::from_millis(ms), listening)
                .await
                .unwrap_or(Seen::Left),
        };
        rest(&self.world).await;
        seen
    }
}

/// A catalog of this text.
pub fn catalog(text: String) -> Arc<Catalog> {
    let file = SourceFile { path: "sim.toml".to_owned(), text };
    let layers = Layers { base: vec![], overlays: vec![vec![file]] };
    Arc::new(catalog::load(&layers).expect("the text is a catalog").catalog)
}

/// A world at its beginning, without limits, in which no rule is broken.
pub fn world(entropy: impl Entropy + 'static, ledger: Arc<MemoryLedger>) -> World {
    World {
        clock: Arc::new(PausedClock(Instant::now())),
        entropy: Arc::new(entropy),
        bonds: Bonds::default(),
        health: Arc::default(),
        ledger,
        limits: Arc::new(Unlimited),
        tasks: TaskTracker::new(),
        drains: Drains::default(),
        mutant: Mutant::None,
        sorter: None,
    }
}

/// A request of a caller, as it comes to the relay.
pub fn call(world: &World, key: Arc<ApiKey>, body: String, snapshot: Arc<Snapshot>) -> Call {
    Call {
        id: GenerationId::new(1_787_000_000, world.entropy.draw()),
        key,
        request: decoded(body),
        received: world.clock.now(),
        app: App::default(),
        user_hash: None,
        wants_metadata: false,
        snapshot,
        seat: None,
    }
}

/// Has the only request of a world served, and waits until nothing is under way.
pub async fn alone(world: &Arc<World>, call: Call) -> Seen {
    let seen = match relay(world, call).await {
        Ok(reply) => heard(reply).await,
        Err(refusal) => Seen::refused(&refusal.failure),
    };
    rest(world).await;
    seen
}

/// Waits until nothing is under way, after which nothing more may begin.
pub async fn rest(world: &World) {
    world.tasks.close();
    world.tasks.wait().await;
}

fn decoded(body: String) -> Request {
    dialect::registry::decode(&dialect::door::Door::ChatCompletions, Bytes::from(body))
        .expect("a request")
}

async fn listen(stage: &Stage, call: Call) -> Seen {
    match relay(&stage.world, call).await {
        Ok(_) if !stage.ledger.is_on_disk() => Seen::TooEarly,
        Err(refusal) => Seen::refused(&refusal.failure),
        Ok(reply) => heard(reply).await,
    }
}

/// Listens to an answer until its end.
pub async fn heard(reply: Reply) -> Seen {
    match reply.body {
        ReplyBody::Whole(bytes) => Seen::Whole(text(&bytes)),
        ReplyBody::Stream(mut pieces) => {
            let mut all = Vec::new();
            while let Some(piece) = pieces.recv().await {
                all.extend_from_slice(&piece.expect("these streams say how they end"));
            }
            Seen::Streamed(text(&all))
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what callers see is UTF-8")
}

/// A key with a limit that fits any request of these scenes.
pub fn key(id: &str) -> ApiKey {
    ApiKey {
        id: KeyId::new(id),
        name: "k".to_owned(),
        label: "k".to_owned(),
        limit: Some(Money::from_nanos(1_000_000_000)),
        limit_reset: None,
        disabled: false,
        expires: None,
        created: Timestamp::default(),
        updated: None,
        rates: None,
    }
}
