//! What a desk knows, and what every part of it shares.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use domain::books::{Epoch, GrantLine, Settlement, Share, Stamp, Standing};
use domain::generation::Generation;
use domain::id::{AccountId, GenerationId, InstanceId, LeaseId};
use domain::insurance::Insurance;
use domain::money::Money;
use domain::port::{Mark, Progress};
use domain::purse::Purse;

use super::borne::Borne;
use super::lease::Lease;
use crate::journal::{Flush, Writer};
use crate::mutant::Mutant;
use crate::record::Record;

/// What one instance may spend, what it has promised, and what it has yet to settle.
pub struct Desk {
    pub(super) instance: InstanceId,
    /// By which right it asks; none until the books have said.
    pub(super) epoch: Option<Epoch>,
    pub(super) setting: Setting,
    pub(super) journal: Writer,
    /// Everything up to here is durable.
    pub(super) durable: Mark,
    pub(super) leases: BTreeMap<LeaseId, Lease>,
    pub(super) purses: BTreeMap<Purse, PurseState>,
    /// What the house bears, by account and day.
    pub(super) borne: BTreeMap<Purse, Borne>,
    pub(super) open: BTreeMap<GenerationId, Open>,
    pub(super) unsettled: BTreeMap<GenerationId, Row>,
    pub(super) retained: BTreeMap<GenerationId, Retained>,
    /// Returns that are written and not yet durable.
    pub(super) returns: VecDeque<(Mark, LeaseId, Money)>,
    /// Leases of which the books have not heard the last return, or not for good.
    pub(super) to_return: BTreeSet<LeaseId>,
    pub(super) next_lease: u64,
    pub(super) timeline: u64,
    pub(super) needs_assert: bool,
    pub(super) assert_number: u64,
    /// Where the books wrote this instance down, until that is for good.
    pub(super) enlisted: Option<Stamp>,
    pub(super) is_listed: bool,
    /// Where the books stood when they ended it.
    pub(super) retired: Option<Stamp>,
    /// The books say that they know it no more. A failover could still bring it back.
    pub(super) is_gone: bool,
    /// They know it no more, for good.
    pub(super) is_ended: bool,
    /// Nothing is taken on any more, and everything given back.
    pub(super) is_closing: bool,
    /// The oldest segment that still exists.
    pub(super) first_segment: u64,
}

/// How a desk is to behave.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Bytes of a segment.
    pub segment_bytes: usize,
    /// What is written has to survive a power cut; else only the end of the process.
    pub syncs: bool,
    /// How much the house bears for an account.
    pub insurance: Insurance,
    /// A rule to break.
    pub mutant: Mutant,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            segment_bytes: crate::journal::SEGMENT_BYTES,
            syncs: true,
            insurance: Insurance::default(),
            mutant: Mutant::None,
        }
    }
}

/// Between how many looks it is kept count of what was spent. A look comes every 30 seconds, so
/// leases are made for a minute and a half at least; they are refilled at a half, so that a
/// database that is away for half a minute is not missed.
pub(super) const SPENT_LOOKS: usize = 4;

/// What the desk has of a purse.
#[derive(Debug, Default)]
pub(super) struct PurseState {
    pub(super) leases: Vec<LeaseId>,
    /// What is asked for, until the books answer.
    pub(super) pending: Option<GrantLine>,
    /// What is to be asked for.
    pub(super) want: Option<Want>,
    /// How often the books have answered.
    pub(super) answers: u64,
    /// How the purse stood when nothing could be had from it; none once something could.
    pub(super) refused: Option<Standing>,
    /// The largest reservation of late.
    pub(super) reservation: Money,
    /// What was spent since the last look, and between those before.
    pub(super) spent: [Money; SPENT_LOOKS],
    /// The most that was reserved at one time, in the same stretches.
    pub(super) held_most: [Money; SPENT_LOOKS],
    /// Something was held since the last look.
    pub(super) is_busy: bool,
    pub(super) quiet_looks: u32,
    /// What was free at the last admission, for the mutant that believes it.
    pub(super) seen_free: Money,
}

/// What is to be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) min: Money,
    pub(super) want: Money,
}

/// A generation under way.
pub(super) struct Open {
    pub(super) draft: Generation,
    pub(super) account: AccountId,
    pub(super) purses: Vec<Purse>,
    pub(super) shares: Vec<Share>,
    pub(super) amount: Money,
    pub(super) mark: Mark,
    pub(super) progress: Option<Progress>,
    /// What the house has said that it bears of it.
    pub(super) promised: Money,
}

/// A settlement that the books have not confirmed.
pub(super) struct Row {
    pub(super) settlement: Arc<Settlement>,
    pub(super) mark: Mark,
    pub(super) segment: u64,
}

/// A settlement that the books have, though a failover could still lose it.
pub(super) struct Retained {
    pub(super) row: Row,
    pub(super) stamp: Stamp,
}

/// How much of everything a desk has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Generations under way.
    pub open: usize,
    /// Settlements that the books have not confirmed.
    pub unsettled: usize,
    /// Settlements that a failover could still lose.
    pub retained: usize,
    /// Leases.
    pub leases: usize,
    /// What is free of them.
    pub free: Money,
    /// What is reserved of them.
    pub reserved: Money,
    /// The books have yet to hear what it has.
    pub needs_assert: bool,
}

impl Desk {
    /// Opens the desk of a new instance, with an empty journal.
    pub fn new(instance: InstanceId, setting: Setting) -> Desk {
        let journal = Writer::new(0, 1, setting.segment_bytes, setting.syncs);
        let mut desk = Desk::empty(instance, setting, journal);
        desk.checkpoint();
        desk
    }

    pub(super) fn empty(instance: InstanceId, setting: Setting, journal: Writer) -> Desk {
        Desk {
            instance,
            epoch: None,
            setting,
            first_segment: journal.segment(),
            journal,
            durable: 0,
            leases: BTreeMap::new(),
            purses: BTreeMap::new(),
            borne: BTreeMap::new(),
            open: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            retained: BTreeMap::new(),
            returns: VecDeque::new(),
            to_return: BTreeSet::new(),
            next_lease: 1,
            timeline: 0,
            needs_assert: false,
            assert_number: 0,
            enlisted: None,
            is_listed: false,
            retired: None,
            is_gone: false,
            is_ended: false,
            is_closing: false,
        }
    }

    /// Returns whose desk it is.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Returns how much of everything it has.
    pub fn figures(&self) -> Figures {
        Figures {
            open: self.open.len(),
            unsettled: self.unsettled.len(),
            retained: self.retained.len(),
            leases: self.leases.len(),
            free: self.leases.values().map(|lease| lease.free).sum(),
            reserved: self.leases.values().map(|lease| lease.reserved).sum(),
            needs_assert: self.needs_assert,
        }
    }

    /// Returns how many settlements the books have not confirmed.
    pub fn figures_behind(&self) -> usize {
        self.unsettled.len()
    }

    /// Returns whether a closing desk has nothing left that the books must hear of.
    pub fn is_done(&self) -> bool {
        self.open.is_empty()
            && self.unsettled.is_empty()
            && self.retained.is_empty()
            && self.leases.is_empty()
            && !self.needs_assert
            && (self.epoch.is_some() || self.is_gone)
    }

    /// Returns whether everything up to `mark` would survive a crash.
    pub fn is_durable(&self, mark: Mark) -> bool {
        mark <= self.durable || self.breaks(Mutant::ShowBeforeDurable)
    }

    /// Takes what is to be written now. What was taken before has to be durable.
    pub fn take_flush(&mut self) -> Flush {
        self.prune();
        self.journal.take()
    }

    /// Returns the last mark.
    pub fn last_mark(&self) -> Mark {
        self.journal.last()
    }

    /// Seals the journal: until something more is written, what came before is known to have been
    /// synced. For when there is nothing else to write.
    pub fn seal(&mut self) -> Mark {
        self.journal.append(&Record::Seal)
    }

    /// Takes note that everything up to `mark` is durable.
    pub fn synced(&mut self, mark: Mark) {
        self.durable = self.durable.max(mark);
        while let Some((written, lease, returned)) = self.returns.front().cloned() {
            if self.durable < written {
                break;
            }
            self.returns.pop_front();
            if let Some(lease) = self.leases.get_mut(&lease) {
                lease.returned_durable = returned;
            }
            self.to_return.insert(lease);
        }
    }

    /// Begins another segment where this one is full. To be called before something changes: a
    /// segment begins with where things stand, and what is written after that must not be in it.
    pub(super) fn make_room(&mut self) {
        if self.journal.is_full() {
            self.journal.roll();
            self.checkpoint();
        }
    }

    /// Writes down where things stand, so that no earlier segment is needed for it.
    pub(super) fn checkpoint(&mut self) {
        let (instance, epoch) = (self.instance.clone(), self.epoch.unwrap_or_default());
        self.journal.append(&Record::Segment { instance, epoch });
        for (id, lease) in &self.leases {
            self.journal.append(&lease.record(id));
        }
        for open in self.open.values() {
            self.journal.append(&open.record());
            if let Some(progress) = &open.progress {
                self.journal.append(&Record::Progress(Box::new(progress.clone())));
            }
        }
    }

    /// Dooms segments in which nothing is left to settle.
    fn prune(&mut self) {
        let rows = self.unsettled.values().chain(self.retained.values().map(|kept| &kept.row));
        let oldest = rows.map(|row| row.segment).min().unwrap_or(self.journal.segment());
        if self.first_segment < oldest {
            self.journal.doom(self.first_segment, oldest);
            self.first_segment = oldest;
        }
    }

    pub(super) fn breaks(&self, rule: Mutant) -> bool {
        self.setting.mutant.breaks(rule)
    }
}

impl Open {
    pub(super) fn record(&self) -> Record {
        Record::Intent {
            draft: Box::new(self.draft.clone()),
            account: self.account.clone(),
            shares: self.shares.clone(),
        }
    }
}
