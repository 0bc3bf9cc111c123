//! The world: who acts when, what gets lost, and what everybody saw.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use domain::books::{
    Assert, Batch, BooksError, Epoch, Grant, Granted, Reply, Returns, Settlement, Standing,
};
use domain::id::{GenerationId, InstanceId};
use domain::insurance::Insurance;
use domain::key::Reset;
use domain::money::Money;
use domain::payment::Said;
use ledger::desk::{Ask, Inquiry, Setting};
use ledger::memory_books::{Flaws, State};
use ledger::mutant::Mutant;

use crate::disk::Folder;
use crate::node::{BUDGET, Node, account, key, tokens};
use crate::shop::{BUYER, Order};

/// What kind of database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It loses nothing.
    Sync,
    /// A failover loses the last commits.
    Async,
    /// Operators give up nodes.
    Revoke,
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    pub fn percent(&mut self, share: u64) -> bool {
        self.roll(100) < share
    }
}

#[derive(Clone, Debug)]
pub enum Message {
    Enlist,
    Grant(Grant),
    Settle(Batch),
    Return(Returns),
    Assert(Assert),
    Inquire(Inquiry),
    Retire,
}

pub enum Answer {
    Enlisted(Result<Reply<Epoch>, BooksError>),
    Granted(Grant, Result<Reply<Vec<Granted>>, BooksError>),
    Settled(Batch, Reply<()>),
    Returned(Returns, Reply<()>),
    Asserted(Assert, Result<Reply<()>, BooksError>),
    Told(Inquiry, Reply<Standing>),
    Retired(Result<Reply<()>, BooksError>),
}

/// Who sent something, so that the answer finds back.
#[derive(Clone, Debug)]
pub struct Sender {
    pub node: usize,
    pub life: u64,
    pub instance: InstanceId,
}

/// What the world knows of a generation.
#[derive(Clone, Debug)]
pub struct Told {
    pub payer: u64,
    pub key: u64,
    pub day: i64,
    pub reserved: Money,
    pub produced: Money,
    /// What its caller has seen of it.
    pub shown: Money,
    /// The price that its caller saw at the end.
    pub price: Option<Money>,
    /// The process that served it, where the house bears it.
    pub insured_by: Option<InstanceId>,
}

/// How much of everything happened.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    pub generations: u64,
    pub finished: u64,
    pub crashes: u64,
    pub sync_errors: u64,
    pub failovers: u64,
    pub lost_commits: u64,
    pub adoptions: u64,
    pub given_up: u64,
    pub rolled: u64,
    pub refusals: u64,
    pub recalls: u64,
    pub insured: u64,
    pub uninsured: u64,
}

impl Reached {
    pub fn add(&mut self, other: &Reached) {
        self.generations += other.generations;
        self.finished += other.finished;
        self.crashes += other.crashes;
        self.sync_errors += other.sync_errors;
        self.failovers += other.failovers;
        self.lost_commits += other.lost_commits;
        self.adoptions += other.adoptions;
        self.given_up += other.given_up;
        self.rolled += other.rolled;
        self.refusals += other.refusals;
        self.recalls += other.recalls;
        self.insured += other.insured;
        self.uninsured += other.uninsured;
    }

    pub fn is_wide(&self, mode: Mode) -> bool {
        let common = [
            self.generations,
            self.finished,
            self.crashes,
            self.sync_errors,
            self.adoptions,
            self.rolled,
            self.refusals,
            self.insured,
            self.uninsured,
        ];
        let own = match mode {
            Mode::Sync => 1,
            Mode::Async => self.failovers.min(self.lost_commits),
            Mode::Revoke => self.given_up,
        };
        0 < own && common.iter().all(|count| 0 < *count)
    }
}

/// What a run came to.
pub struct Run {
    pub trace: u64,
    pub reached: Reached,
}

pub const NODES: usize = 3;
pub const ACCOUNTS: u64 = 2;
/// Commits that a failover can lose.
pub const LAG: usize = 24;
pub const LIMIT_TOTAL: i64 = 6_000;
pub const LIMIT_DAY: i64 = 1_500;
pub const BUDGET_DAY: i64 = 2_500;
/// What the house bears for an account in a day, beside a share of what it is charged.
pub const BORNE: i64 = 120;
pub const BORNE_PERCENT: u32 = 5;

pub struct World {
    pub dice: Dice,
    pub mode: Mode,
    pub mutant: Mutant,
    pub books: State,
    pub history: VecDeque<State>,
    pub folders: BTreeMap<InstanceId, Folder>,
    pub nodes: Vec<Node>,
    pub net: Vec<(Sender, Message)>,
    pub answers: Vec<(Sender, Answer)>,
    pub told: BTreeMap<GenerationId, Told>,
    pub drafts: BTreeMap<GenerationId, Ask>,
    pub orders: Vec<Order>,
    pub notices: Vec<(usize, Said)>,
    /// What was booked first of every generation.
    pub booked: BTreeMap<GenerationId, Arc<Settlement>>,
    pub booked_most: usize,
    pub given_up: Money,
    /// What was seen to be wrong in the middle of a step.
    pub fault: Option<String>,
    pub number: u64,
    pub births: u64,
    pub today: i64,
    pub is_calm: bool,
    pub trace: u64,
    pub reached: Reached,
}

impl World {
    pub fn run(seed: u64, mode: Mode, mutant: Mutant) -> Result<Run, String> {
        let mut world = World::new(seed, mode, mutant);
        let steps = 400 + world.dice.roll(1_100);
        for step in 0..steps {
            world.step();
            world.check().map_err(|fault| format!("step {step}: {fault}"))?;
        }
        world.heal()?;
        world.check_at_rest()?;
        Ok(Run { trace: world.trace, reached: world.reached })
    }

    fn new(seed: u64, mode: Mode, mutant: Mutant) -> World {
        let flaws = Flaws {
            no_dedupe: mutant == Mutant::NoDedupe,
            unconditional_grant: mutant == Mutant::UnconditionalGrant,
            no_grace: mutant == Mutant::NoGrace,
            unnumbered_assert: mutant == Mutant::UnnumberedAssert,
            settled_not_recomputed: mutant == Mutant::SettledNotRecomputed,
        };
        let mut books = State::new(flaws);
        books.limit(&key(1), Some(tokens(LIMIT_TOTAL)));
        books.limit(&key(2), Some(tokens(LIMIT_DAY)));
        books.budget(BUDGET, &account(0), Some(Reset::Daily), tokens(BUDGET_DAY));
        let mut world = World {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9).wrapping_add(mode as u64)),
            mode,
            mutant,
            books,
            history: VecDeque::new(),
            folders: BTreeMap::new(),
            nodes: (0..NODES).map(|_| Node::down()).collect(),
            net: Vec::new(),
            answers: Vec::new(),
            told: BTreeMap::new(),
            drafts: BTreeMap::new(),
            orders: Vec::new(),
            notices: Vec::new(),
            booked: BTreeMap::new(),
            booked_most: 0,
            given_up: Money::ZERO,
            fault: None,
            number: 0,
            births: 0,
            today: 0,
            is_calm: false,
            trace: seed,
            reached: Reached::default(),
        };
        world.is_calm = true;
        for payer in 0..=BUYER {
            world.pay(payer);
        }
        for node in 0..NODES {
            world.start(node);
        }
        world.warm_up();
        world
    }

    /// Lets everybody be written down for good before anything goes wrong.
    pub fn warm_up(&mut self) {
        self.is_calm = true;
        while !self.net.is_empty() || !self.answers.is_empty() {
            while !self.net.is_empty() {
                self.deliver(0);
            }
            self.history.clear();
            self.mark_durable();
            while !self.answers.is_empty() {
                self.hear(0);
            }
            for place in 0..NODES {
                if let Some(live) = self.nodes[place].live.clone() {
                    self.ship(place, &live, 4);
                }
            }
        }
        self.is_calm = false;
    }

    pub fn note(&mut self, what: u64) {
        self.trace = (self.trace ^ what).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    }

    pub fn setting(&self) -> Setting {
        let insurance = Insurance { base: tokens(BORNE), percent: BORNE_PERCENT };
        Setting { segment_bytes: 3 << 10, syncs: true, insurance, mutant: self.mutant }
    }
}
