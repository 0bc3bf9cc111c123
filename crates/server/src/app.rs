//! What a handler may touch, made once. Ports meet their implementations here and nowhere else.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use relay::mutant::Mutant;
use relay::{Bonds, Drains, Health, Snapshot, World};
use store::{Db, SqlBooks};
use tokio_util::task::TaskTracker;
use traffic::figures::Figures;
use traffic::store::Store;

use crate::auth::Auth;
use crate::budgets::Budgets;
use crate::census::Classifier;
use crate::clock::{SystemClock, SystemEntropy, random};
use crate::config::{Config, CreditsMode};
use crate::demo::HandedOut;
use crate::idempotency::{Answers, Bounds};
use crate::intake::Intake;
use crate::key_text::hex;
use crate::limits::Keeper;
use crate::payments::Desk;
use crate::reference::Reference;
use crate::room::Room;
use crate::snapshot::Found;
use crate::teller::{JournalError, Journals, Teller, Terms};

/// What a handler may touch.
pub struct App {
    /// What the relay touches.
    pub world: Arc<World>,
    /// The books.
    pub ledger: Arc<Teller>,
    /// The database.
    pub db: Db,
    /// Who is who.
    pub auth: Auth,
    /// How bodies are read.
    pub intake: Intake,
    /// Answers to requests that may be repeated.
    pub answers: Answers,
    /// Where credits are bought, if they are.
    pub desk: Option<Arc<Desk>>,
    /// The room for requests that run models.
    pub room: Arc<Room>,
    /// Who keeps count of what requests use.
    pub limits: Arc<Keeper>,
    /// Budgets as they were last seen.
    pub budgets: Arc<Budgets>,
    /// What traffic told, as it was last made.
    pub figures: Shelved,
    /// The store of events, once it is open.
    pub events: OnceLock<Arc<Store>>,
    /// What a demo lets everybody try.
    pub demo: Option<HandedOut>,
    /// The address under which callers reach this instance, without a slash at its end.
    pub public_url: String,
    /// What the API says of itself, once its routes are put together.
    pub reference: OnceLock<Reference>,
    current: RwLock<Arc<Current>>,
}

/// The figures that pages and the API show: made in the background, read without waiting.
#[derive(Default)]
pub struct Shelved(RwLock<Arc<Figures>>);

impl Shelved {
    /// Returns the figures as they were last made; at first they are empty.
    pub fn get(&self) -> Arc<Figures> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces them.
    pub fn put(&self, figures: Figures) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(figures);
    }
}

/// Catalog and configuration as they are now.
pub struct Current {
    /// What requests see.
    pub snapshot: Arc<Snapshot>,
    /// The providers, and whether they can be called.
    pub providers: Vec<Found>,
    /// What the operator set.
    pub config: Config,
}

impl App {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When the journal cannot be opened, or one that was left behind cannot be believed.
    pub fn new(
        db: Db,
        auth: Auth,
        public_url: String,
        current: Current,
        (health, limits): (Arc<Health>, Arc<Keeper>),
    ) -> Result<App, JournalError> {
        let budgets: Arc<Budgets> = Arc::default();
        let ledger = Arc::new(ledger(&db, &current.config, budgets.clone())?);
        let world = World {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::default()),
            bonds: Bonds::default(),
            ledger: ledger.clone(),
            limits: limits.clone(),
            health,
            tasks: TaskTracker::new(),
            drains: Drains::default(),
            mutant: Mutant::None,
            sorter: Some(Arc::new(Classifier::default())),
        };
        let room = Room::new(current.config.limits.in_flight);
        let intake = Intake::new(&current.config);
        let kept = &current.config.idempotency;
        let bounds = Bounds {
            window_ms: kept.window_ms,
            answer_bytes: kept.answer_bytes,
            caller_bytes: kept.key_bytes,
            caller_requests: kept.key_requests,
        };
        let answers = Answers::new(bounds, hex(&random::<16>()));
        Ok(App {
            world: Arc::new(world),
            ledger,
            db,
            auth,
            intake,
            answers,
            desk: None,
            room,
            limits,
            budgets,
            figures: Shelved::default(),
            events: OnceLock::new(),
            demo: None,
            public_url,
            reference: OnceLock::new(),
            current: RwLock::new(Arc::new(current)),
        })
    }

    /// The same, where credits are bought.
    pub fn selling(self, desk: Option<Arc<Desk>>) -> App {
        App { desk, ..self }
    }

    /// The same, with what a demo lets everybody try.
    pub fn handing_out(self, demo: Option<HandedOut>) -> App {
        App { demo, ..self }
    }

    /// Returns catalog and configuration as they are now.
    pub fn current(&self) -> Arc<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces catalog and configuration. Requests under way keep what they began with.
    pub fn replace(&self, current: Current) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
    }

    /// Waits until what was settled by now is in the database, though not for ever.
    pub async fn flush(&self) {
        self.ledger.flush(std::time::Duration::from_secs(5)).await;
    }

    /// Returns the present instant.
    pub fn now(&self) -> domain::time::Timestamp {
        self.world.clock.now()
    }

    /// Returns 128 random bits.
    pub fn draw(&self) -> u128 {
        self.world.entropy.draw()
    }
}

/// Opens the ledger: a new instance each time.
fn ledger(db: &Db, config: &Config, budgets: Arc<Budgets>) -> Result<Teller, JournalError> {
    let is_prepaid = config.credits.mode == CreditsMode::Prepaid;
    let journals = Journals::new(config.journal_folder(), is_prepaid);
    let name = format!("node-{}", hex(&random::<8>()));
    let books = Arc::new(SqlBooks::new(db.clone()));
    let terms = Terms { is_prepaid, insurance: config.credits.insurance() };
    Teller::open(books, journals, &name, (terms, budgets))
}
