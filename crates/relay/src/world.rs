//! Everything outside: how the relay touches the world.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::{Catalog, EndpointIx, ModelIx};
use domain::failure::Failure;
use domain::models::Index;
use domain::plan::Defaults;
use domain::port::{Clock, Entropy, Ledger, Waiting};
use domain::time::Timestamp;
use tokio_util::task::TaskTracker;

use crate::bonds::Bonds;
use crate::drain::Drains;

/// What outlives requests and reloads.
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where conversations have their prompt caches.
    pub bonds: Bonds,
    /// The books.
    pub ledger: Arc<dyn Ledger>,
    /// The tasks that serve requests. Shutdown waits for them.
    pub tasks: TaskTracker,
    /// The streams that are read to their end for nobody.
    pub drains: Drains,
}

/// What one request sees of catalog and configuration. A reload makes another one.
pub struct Snapshot {
    /// What is known.
    pub catalog: Arc<Catalog>,
    /// How endpoints are reached.
    pub upstream: Arc<dyn Upstream>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How endpoints have been lately.
    pub health: Health,
    /// What the house insists on, whatever a request says.
    pub defaults: Defaults,
    /// Whether a receipt is kept of every request.
    pub keeps_receipts: bool,
    /// What the choice of a model needs of the catalog.
    pub index: Index,
    /// By model: its endpoints that can be called.
    callable: Vec<Vec<EndpointIx>>,
}

/// An endpoint that can be called now: credentials are there, and the dialect is spoken.
pub type Offer = EndpointIx;

/// How long things may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From sending a request to its first content.
    pub first_byte_ms: u64,
    /// The same, of endpoints that think before they answer.
    pub first_byte_reasoning_ms: u64,
    /// Between two pieces of an answer.
    pub idle_ms: u64,
    /// The same, of endpoints that think before they answer.
    pub idle_reasoning_ms: u64,
    /// From admission to the end of a whole answer.
    pub total_ms: u64,
    /// From admission to the end of a stream.
    pub total_stream_ms: u64,
    /// From admission to the first comment that keeps a silent stream alive, and between two.
    pub keep_alive_ms: u64,
    /// For a caller to take a piece of its stream.
    pub write_stall_ms: u64,
}

/// The network to the providers.
pub trait Upstream: Send + Sync {
    /// Sends a request to an endpoint and waits for the head of the response.
    ///
    /// # Errors
    /// When no connection comes about or it breaks before the head is read.
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>>;

    /// Fetches at most `bytes_max` bytes of a medium from an address that a caller gave.
    ///
    /// # Errors
    /// The caller's, when the address may not be fetched or leads nowhere; so does every one,
    /// unless the network says otherwise.
    fn fetch<'a>(
        &'a self,
        address: &'a str,
        bytes_max: usize,
    ) -> Waiting<'a, Result<Bytes, Failure>> {
        let _ = (address, bytes_max);
        Box::pin(async { Err(dialect::media::failed("No media are fetched here.")) })
    }
}

/// The head of a response, and its body to come.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// What the body claims to be.
    pub content_type: ContentType,
    /// How long the provider asks to be left alone.
    pub retry_after_ms: Option<u64>,
    /// The body.
    pub body: Box<dyn Body>,
}

/// What a body claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `application/json` and its kin.
    Json,
    /// `text/event-stream`.
    EventStream,
    /// A page for people: a proxy or a login stands in the way.
    Html,
    /// Anything else, or nothing said: taken for what was asked for.
    Other,
}

/// A body that arrives in pieces.
pub trait Body: Send {
    /// Returns the next piece; `None` where the body has ended as its framing prescribes.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>>;
}

impl Snapshot {
    /// Takes a catalog and which of its endpoints can be called.
    pub fn new(
        catalog: Arc<Catalog>,
        upstream: Arc<dyn Upstream>,
        timeouts: Timeouts,
        offers: &[Offer],
    ) -> Snapshot {
        let mut callable = vec![Vec::new(); catalog.models().len()];
        for offer in offers {
            callable[catalog.endpoint(*offer).model.0 as usize].push(*offer);
        }
        let health = Health::new(catalog.endpoints().len());
        let index = Index::new(&catalog, &|model| &callable[model.0 as usize]);
        let (defaults, keeps_receipts) = (Defaults::default(), true);
        Snapshot { catalog, upstream, timeouts, health, defaults, keeps_receipts, index, callable }
    }

    /// Returns the same with what the house insists on.
    pub fn insisting(self, defaults: Defaults) -> Snapshot {
        Snapshot { defaults, ..self }
    }

    /// Returns the same, where receipts are kept or not.
    pub fn keeping_receipts(self, keeps_receipts: bool) -> Snapshot {
        Snapshot { keeps_receipts, ..self }
    }

    /// Returns the endpoints of a model that can be called.
    pub fn callable(&self, model: ModelIx) -> &[EndpointIx] {
        &self.callable[model.0 as usize]
    }
}

/// Until when each endpoint is to be left alone if there is another.
pub struct Health {
    unwell_until_ms: Vec<AtomicI64>,
}

/// How long an outage is held against an endpoint (OpenRouter's documentation: 30 s).
const OUTAGE_MS: i64 = 30_000;
/// The longest time for which a provider may ask to be left alone.
const RETRY_AFTER_MAX_MS: u64 = 300_000;

impl Health {
    fn new(endpoints: usize) -> Health {
        Health { unwell_until_ms: (0..endpoints).map(|_| AtomicI64::new(0)).collect() }
    }

    /// Returns whether an endpoint has had no outage lately.
    pub fn is_well(&self, endpoint: EndpointIx, now: Timestamp) -> bool {
        let until = self.unwell_until_ms[endpoint.0 as usize].load(Ordering::Relaxed);
        until <= now.ms()
    }

    /// Takes note of an outage.
    pub(crate) fn failed(&self, endpoint: EndpointIx, retry_after_ms: Option<u64>, now: Timestamp) {
        let asked = retry_after_ms.map(|ms| ms.min(RETRY_AFTER_MAX_MS) as i64);
        let until = now.plus_ms(asked.unwrap_or(OUTAGE_MS)).ms();
        self.unwell_until_ms[endpoint.0 as usize].fetch_max(until, Ordering::Relaxed);
    }

    /// Takes note of an answer.
    pub(crate) fn answered(&self, endpoint: EndpointIx) {
        let until = &self.unwell_until_ms[endpoint.0 as usize];
        if until.load(Ordering::Relaxed) != 0 {
            until.store(0, Ordering::Relaxed);
        }
    }
}
