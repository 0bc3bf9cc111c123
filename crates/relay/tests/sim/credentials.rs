//! Conversations stay with the credential under which their prompt cache is: each of a provider's
//! credentials has caches of its own.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::Failure;
use domain::generation::{CredentialLeft, Generation, Outcome};
use domain::health::Quota;
use domain::id::GenerationId;
use domain::key::{ApiKey, Spend};
use domain::port::Waiting;
use relay::{Body, Call, ContentType, Offer, Response, Snapshot, Upstream, World, relay};
use serde_json::{Value, json};
use tokio::time::advance;

use crate::books::{Memory, MemoryLedger};
use crate::world::{Dice, Drawn, TIMEOUTS, call, catalog, heard, key, overlay, world};

const CREDENTIALS: [u64; 3] = [71, 72, 73];
const PROMPT: u32 = 4_000;

/// A provider whose credentials each have caches, and the turns that it took.
#[derive(Default)]
struct Caching {
    /// By credential and conversation: tokens.
    cached: Mutex<HashMap<(usize, String), u32>>,
    /// Credentials that are refused, and with which status.
    refused: Mutex<BTreeMap<usize, u16>>,
    asked: Mutex<Vec<(usize, String)>>,
}

impl Caching {
    fn answer(&self, credential: usize, wire: &Wire) -> Response {
        let request: Value = serde_json::from_slice(&wire.body).unwrap();
        let said = request["messages"][0]["content"].as_str().unwrap().to_owned();
        self.asked.lock().unwrap().push((credential, said.clone()));
        if let Some(status) = self.refused.lock().unwrap().get(&credential) {
            let limited = *status == 429;
            let body = json!({ "error": { "message": "no" } });
            return response(*status, limited.then_some(60_000), &body);
        }
        let cached = self.cached.lock().unwrap().insert((credential, said), PROMPT);
        let body = json!({
            "id": "up-1", "object": "chat.completion", "created": 1, "model": "one",
            "choices": [{
                "index": 0, "message": {"role": "assistant", "content": "yes"},
                "finish_reason": "stop",
            }],
            "usage": {
                "prompt_tokens": PROMPT + 100, "completion_tokens": 5, "total_tokens": PROMPT + 105,
                "prompt_tokens_details": {"cached_tokens": cached.unwrap_or(0)},
            },
        });
        response(200, None, &body)
    }
}

impl Upstream for Caching {
    fn send<'a>(
        &'a self,
        _: EndpointIx,
        credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        Box::pin(std::future::ready(Ok(self.answer(credential, wire))))
    }
}

fn response(status: u16, retry_after_ms: Option<u64>, body: &Value) -> Response {
    let body = Box::new(Once(Some(Bytes::from(body.to_string()))));
    let (content_type, quota) = (ContentType::Json, Quota::default());
    Response { status, content_type, retry_after_ms, quota, body }
}

struct Once(Option<Bytes>);

impl Body for Once {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

/// One provider with three credentials.
struct House {
    world: Arc<World>,
    snapshot: Arc<Snapshot>,
    upstream: Arc<Caching>,
    archived: Arc<Memory>,
}

impl House {
    fn new(credentials: &[u64]) -> House {
        let text = overlay(&[("a", "10")], true)
            .replace("output = \"10\" }", "output = \"10\", cache_read = \"1\" }");
        let catalog = catalog(text);
        let archived = Arc::new(Memory::default());
        let ledger = Arc::new(MemoryLedger::new(archived.clone()));
        ledger.open(&key("k").id, Spend::default());
        let world = Arc::new(world(Drawn(1), ledger));
        let upstream = Arc::new(Caching::default());
        let offers = [Offer { endpoint: EndpointIx(0), credentials: credentials.to_vec() }];
        let snapshot = Snapshot::new(catalog, upstream.clone(), TIMEOUTS, &offers, &world.health);
        House { world, snapshot: Arc::new(snapshot), upstream, archived }
    }

    async fn ask(&self, conversation: usize, turn: u64) -> Generation {
        let body = json!({
            "model": "sim/one", "max_tokens": 10, "session_id": format!("c{conversation}"),
            "messages": [{"role": "user", "content": format!("c{conversation}")}],
        });
        let key = Arc::new(ApiKey { limit: None, ..key("k") });
        let id = GenerationId::new(1_787_000_000, u128::from(turn) + 1);
        let plain = call(&self.world, key, body.to_string(), self.snapshot.clone());
        let call = Call { id, ..plain };
        if let Ok(reply) = relay(&self.world, call).await {
            heard(reply).await;
        }
        self.archived.0.lock().unwrap().last().unwrap().clone()
    }
}

/// A thousand conversations, interleaved, with pauses: nearly everything that could be read from a
/// cache is, and the credentials share the work.
#[tokio::test(start_paused = true)]
async fn conversations_stay_with_the_credential_that_holds_their_cache() {
    const CONVERSATIONS: usize = 1_000;
    let house = House::new(&CREDENTIALS);
    let mut dice = Dice::new(5);
    let mut turns = vec![0_u32; CONVERSATIONS];
    let (mut read, mut best) = (0, 0);
    for number in 0..5_000 {
        let conversation = dice.roll(CONVERSATIONS as u64) as usize;
        let generation = house.ask(conversation, number).await;
        assert_eq!(generation.outcome, Outcome::Finished);
        read += generation.usage.cache_read;
        best += if 0 < turns[conversation] { PROMPT } else { 0 };
        turns[conversation] += 1;
        advance(Duration::from_millis(20)).await;
    }
    assert!(best / 100 * 98 <= read, "read {read} of {best}");
    let asked = house.upstream.asked.lock().unwrap();
    for credential in 0..CREDENTIALS.len() {
        let share = asked.iter().filter(|(it, _)| *it == credential).count();
        let fair = asked.len() / CREDENTIALS.len();
        assert!(share.abs_diff(fair) * 5 < fair, "{credential} was shown {share} times");
    }
}

/// A credential that is used up, refused or gone is left, and the record says why; a conversation
/// that has moved stays where it is now.
#[tokio::test(start_paused = true)]
async fn a_conversation_leaves_a_credential_that_cannot_be_shown() {
    for (status, why) in [(429, CredentialLeft::UsedUp), (401, CredentialLeft::Refused)] {
        let house = House::new(&CREDENTIALS);
        let first = house.ask(1, 0).await;
        let held = usize::from(first.detail.attempts[0].credential.unwrap());
        house.upstream.refused.lock().unwrap().insert(held, status);
        // The one that finds out fails, for there is no other endpoint.
        house.ask(1, 1).await;
        let moved = house.ask(1, 2).await;
        assert_eq!(moved.outcome, Outcome::Finished, "{status}");
        let attempt = &moved.detail.attempts[0];
        assert_eq!(attempt.left, Some(why));
        let now = usize::from(attempt.credential.unwrap());
        assert_ne!(now, held);
        for turn in 3..6 {
            let stayed = house.ask(1, turn).await;
            let attempt = &stayed.detail.attempts[0];
            assert_eq!((attempt.credential.map(usize::from), attempt.left), (Some(now), None));
            assert_eq!(stayed.usage.cache_read, PROMPT);
        }
        let asked = house.upstream.asked.lock().unwrap();
        assert_eq!(asked.iter().filter(|(it, _)| *it == held).count(), 2, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_whose_credential_was_removed_goes_on_with_another() {
    let house = House::new(&CREDENTIALS);
    let first = house.ask(1, 0).await;
    assert_eq!(first.detail.attempts[0].credential, Some(0));
    // A reload brings the same world another list.
    let rest = House::new(&CREDENTIALS[1..]);
    let offers = [Offer { endpoint: EndpointIx(0), credentials: CREDENTIALS[1..].to_vec() }];
    let catalog = rest.snapshot.catalog.clone();
    let snapshot =
        Snapshot::new(catalog, rest.upstream.clone(), TIMEOUTS, &offers, &house.world.health);
    let reloaded = House {
        world: house.world.clone(),
        snapshot: Arc::new(snapshot),
        upstream: rest.upstream.clone(),
        archived: house.archived.clone(),
    };
    let moved = reloaded.ask(1, 1).await;
    assert_eq!(moved.detail.attempts[0].left, Some(CredentialLeft::Removed));
    assert_eq!(reloaded.ask(1, 2).await.detail.attempts[0].left, None);
}
