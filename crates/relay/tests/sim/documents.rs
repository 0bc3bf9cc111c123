//! Documents before endpoints that read none: they are read before anything is held, and what is
//! held bounds what is sent.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dialect::documents::unread;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::Failure;
use domain::key::Spend;
use domain::port::Waiting;
use relay::{Offer, Response, Snapshot, Upstream};
use serde_json::{Value, json};

use crate::books::{Memory, MemoryLedger};
use crate::oracle::Seen;
use crate::upstream::{Fate, act};
use crate::world::{Drawn, TIMEOUTS, alone, call, catalog, key, offer, overlay, world};

/// A provider that reads what it is sent, and a reader that finds this in every PDF.
struct Reading {
    text: Result<String, Failure>,
    ledger: Arc<MemoryLedger>,
    /// What was sent.
    sent: Mutex<Vec<Value>>,
    /// How often a document was read, and how many holds stood open then.
    read: Mutex<Vec<usize>>,
}

impl Upstream for Reading {
    fn send<'a>(
        &'a self,
        _endpoint: EndpointIx,
        _credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        self.sent.lock().unwrap().push(serde_json::from_slice(&wire.body).unwrap());
        Box::pin(act(Fate::Answer { after_ms: 1, gap_ms: 1 }, wire.streams))
    }

    fn read_document(&self, document: Bytes) -> Waiting<'_, Result<String, Failure>> {
        assert_eq!(document, "%PDF-");
        self.read.lock().unwrap().push(self.ledger.holds_open());
        Box::pin(async { self.text.clone() })
    }
}

/// Asks with the same document twice, and returns what the caller and the provider saw.
async fn asked(text: Result<String, Failure>) -> (Seen, Arc<Reading>) {
    let catalog = catalog(overlay(&[("a", "1")], true));
    let ledger = Arc::new(MemoryLedger::new(Arc::new(Memory::default())));
    let key = Arc::new(key("k"));
    ledger.open(&key.id, Spend::default());
    let upstream = Arc::new(Reading {
        text,
        ledger: ledger.clone(),
        sent: Mutex::default(),
        read: Mutex::default(),
    });
    let world = Arc::new(world(Drawn(7), ledger.clone()));
    let offers: Vec<Offer> = vec![offer(EndpointIx(0))];
    let snapshot = Snapshot::new(catalog, upstream.clone(), TIMEOUTS, &offers, &world.health);
    let file = json!({ "type": "file", "file": { "filename": "a.pdf",
        "file_data": "data:application/pdf;base64,JVBERi0=" } });
    let body = json!({ "model": "sim/one", "max_tokens": 100,
        "messages": [{ "role": "user", "content": [file, file] }] });
    let call = call(&world, key, body.to_string(), Arc::new(snapshot));
    let seen = alone(&world, call).await;
    assert_eq!(ledger.holds_open(), 0);
    (seen, upstream)
}

#[tokio::test(start_paused = true)]
async fn a_document_is_read_once_before_anything_is_held_and_sent_as_text() {
    let (seen, upstream) = asked(Ok("What it says.".to_owned())).await;
    assert!(matches!(seen, Seen::Whole(_)), "{seen:?}");
    assert_eq!(*upstream.read.lock().unwrap(), [0]);
    let text = "<document name=\"a.pdf\">\nWhat it says.\n</document>";
    let sent = upstream.sent.lock().unwrap();
    let content = &sent[0]["messages"][0]["content"];
    let said = content.as_array().map(|parts| parts.iter().map(|it| it["text"].clone()).collect());
    assert_eq!(said, Some(vec![json!(text), json!(text)]), "{content}");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_cannot_be_read_is_refused_and_nothing_is_held_or_sent() {
    let (seen, upstream) = asked(Err(unread("document_unreadable", "It is none."))).await;
    assert!(matches!(seen, Seen::Refused(400)), "{seen:?}");
    assert!(upstream.sent.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_document_costs_is_held_for_its_text() {
    // A dollar for a million tokens, of which a text has one for each byte at most; the key has one
    // dollar in all.
    let (seen, upstream) = asked(Ok("a".repeat(600_000))).await;
    assert!(matches!(seen, Seen::Refused(402)), "{seen:?}");
    assert_eq!(upstream.read.lock().unwrap().len(), 1);
    assert!(upstream.sent.lock().unwrap().is_empty());
    let (seen, _) = asked(Ok("a".repeat(400_000))).await;
    assert!(matches!(seen, Seen::Whole(_)), "{seen:?}");
}
