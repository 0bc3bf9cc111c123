//! Everything outside: how the relay touches the world.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::{Catalog, EndpointIx, ModelIx};
use domain::failure::Failure;
use domain::health::{EndpointHealth, PromptSize, Quota, Tally, outliers};
use domain::limit::{Limits, Rules};
use domain::models::Index;
use domain::plan::Defaults;
use domain::port::{Clock, Entropy, Ledger, Sorter, Waiting};
use domain::time::Timestamp;
use tokio_util::task::TaskTracker;

use crate::bonds::Bonds;
use crate::drain::Drains;
use crate::health::{Health, Watch};
use crate::mutant::Mutant;

/// What outlives requests and reloads.
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How endpoints fare.
    pub health: Arc<Health>,
    /// Where conversations have their prompt caches.
    pub bonds: Bonds,
    /// The books.
    pub ledger: Arc<dyn Ledger>,
    /// Who keeps count of requests, tokens and spend.
    pub limits: Arc<dyn Limits>,
    /// The tasks that serve requests. Shutdown waits for them.
    pub tasks: TaskTracker,
    /// The streams that are read to their end for nobody.
    pub drains: Drains,
    /// The rule that is broken: none, outside tests.
    pub mutant: Mutant,
    /// Who tells what requests are for; nobody has to.
    pub sorter: Option<Arc<dyn Sorter>>,
}

impl World {
    /// Returns whether this is the rule that is broken.
    pub(crate) fn breaks(&self, rule: Mutant) -> bool {
        self.mutant.breaks(rule)
    }
}

/// What one request sees of catalog and configuration. A reload makes another one.
pub struct Snapshot {
    /// What is known.
    pub catalog: Arc<Catalog>,
    /// How endpoints are reached.
    pub upstream: Arc<dyn Upstream>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// What the house insists on, whatever a request says.
    pub defaults: Defaults,
    /// Whether a receipt is kept of every request.
    pub keeps_receipts: bool,
    /// Whether how endpoints fared in the last minutes is shown to everybody.
    pub shows_health: bool,
    /// How much callers may use in what time.
    pub rules: Rules,
    /// What the choice of a model needs of the catalog.
    pub index: Index,
    /// By model: its endpoints that can be called.
    callable: Vec<Vec<EndpointIx>>,
    /// By endpoint that can be called: how it fares.
    watches: Vec<Option<Watch>>,
    /// By model: the second in which its endpoints were last compared.
    compared: Vec<AtomicI64>,
}

/// An endpoint that can be called now: credentials are there, and the dialect is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The endpoint.
    pub endpoint: EndpointIx,
    /// What tells its credentials apart, the same in every snapshot; [`Upstream::send`] is told the
    /// place in this list. Empty where none is wanted.
    pub credentials: Vec<u64>,
}

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
    /// Sends a request to an endpoint and waits for the head of the response. `credential`: the
    /// place of the one that is shown, among those of the endpoint's [`Offer`].
    ///
    /// # Errors
    /// When no connection comes about or it breaks before the head is read.
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        credential: usize,
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

    /// Reads a PDF, whose bytes are hostile, and returns the text on its pages: at most
    /// [`TEXT_BYTES_MAX`](dialect::documents::TEXT_BYTES_MAX).
    ///
    /// # Errors
    /// The caller's, when it cannot be read or holds no text; so does every one, unless the network
    /// says otherwise.
    fn read_document(&self, document: Bytes) -> Waiting<'_, Result<String, Failure>> {
        let _ = document;
        let detail = "No documents are read here.";
        Box::pin(async { Err(dialect::documents::unread("document_unreadable", detail)) })
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
    /// What it says is left of its limits.
    pub quota: Quota,
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
    /// Takes a catalog, which of its endpoints can be called, and how they fare.
    pub fn new(
        catalog: Arc<Catalog>,
        upstream: Arc<dyn Upstream>,
        timeouts: Timeouts,
        offers: &[Offer],
        health: &Health,
    ) -> Snapshot {
        let mut callable = vec![Vec::new(); catalog.models().len()];
        let mut watches = vec![None; catalog.endpoints().len()];
        for Offer { endpoint, credentials } in offers {
            let known = catalog.endpoint(*endpoint);
            callable[known.model.0 as usize].push(*endpoint);
            watches[endpoint.0 as usize] = Some(health.watch(&known.id, credentials));
        }
        let index = Index::new(&catalog, &|model| &callable[model.0 as usize]);
        let compared = catalog.models().iter().map(|_| AtomicI64::new(0)).collect();
        Snapshot {
            catalog,
            upstream,
            timeouts,
            defaults: Defaults::default(),
            keeps_receipts: true,
            shows_health: true,
            rules: Rules::default(),
            index,
            callable,
            watches,
            compared,
        }
    }

    /// Returns the same with what the house insists on.
    pub fn insisting(self, defaults: Defaults) -> Snapshot {
        Snapshot { defaults, ..self }
    }

    /// Returns the same, where receipts are kept or not.
    pub fn keeping_receipts(self, keeps_receipts: bool) -> Snapshot {
        Snapshot { keeps_receipts, ..self }
    }

    /// Returns the same, where everybody is shown how endpoints fared in the last minutes or
    /// nobody is.
    pub fn showing_health(self, shows_health: bool) -> Snapshot {
        Snapshot { shows_health, ..self }
    }

    /// Returns the same, where callers may use no more than that.
    pub fn limiting(self, rules: Rules) -> Snapshot {
        Snapshot { rules, ..self }
    }

    /// Returns the endpoints of a model that can be called.
    pub fn callable(&self, model: ModelIx) -> &[EndpointIx] {
        &self.callable[model.0 as usize]
    }

    /// Returns how an endpoint fares for a prompt of that size.
    pub fn health(&self, endpoint: EndpointIx, now: Timestamp, size: PromptSize) -> EndpointHealth {
        self.compare(self.catalog.endpoint(endpoint).model, now);
        let watch = self.watches[endpoint.0 as usize].as_ref();
        let health = watch.map(|watch| watch.view(now, size)).unwrap_or_default();
        if self.catalog.endpoint(endpoint).veiled {
            // How fast it is tells who it is, and so would whatever follows from that.
            return EndpointHealth { latency_ms: None, throughput: None, ..health };
        }
        health
    }

    /// Returns the watch on an endpoint, where it can be called and its provider is told: how it
    /// fares would tell who it is.
    pub fn watched(&self, endpoint: EndpointIx) -> Option<&Watch> {
        let is_told = !self.catalog.endpoint(endpoint).veiled;
        self.watches[endpoint.0 as usize].as_ref().filter(|_| is_told)
    }

    /// Returns the watch on an endpoint; one that cannot be called is known to nobody else.
    pub(crate) fn watch(&self, endpoint: EndpointIx) -> Watch {
        let known = self.watches[endpoint.0 as usize].clone();
        known.unwrap_or_else(|| Health::default().watch("", &[]))
    }

    /// Finds, once a second, the endpoints of a model that do much worse than their peers.
    fn compare(&self, model: ModelIx, now: Timestamp) {
        let peers = self.callable(model);
        let second = now.seconds();
        let compared = &self.compared[model.0 as usize];
        if peers.len() < PEERS_MIN || compared.swap(second, Ordering::Relaxed) == second {
            return;
        }
        let watches: Vec<&Watch> =
            peers.iter().filter_map(|place| self.watches[place.0 as usize].as_ref()).collect();
        let tallies: Vec<Tally> = watches.iter().map(|watch| watch.last_ten_seconds(now)).collect();
        for (watch, is_outlier) in watches.iter().zip(outliers(&tallies)) {
            watch.state().set_outlier(is_outlier);
        }
    }
}

/// Endpoints of a model below which they are not compared.
const PEERS_MIN: usize = 5;
