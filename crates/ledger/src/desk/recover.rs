//! A journal whose process has ended, made into a desk that settles what is left and gives back
//! the rest.

use std::collections::{BTreeMap, BTreeSet};

use domain::books::{Amounts, Settlement, Share};
use domain::generation::{Generation, Outcome};
use domain::id::{AccountId, GenerationId, InstanceId, LeaseId};
use domain::money::Money;
use domain::port::Progress;

use super::lease::Lease;
use super::state::{Desk, Setting};
use crate::journal::{Replay, Writer};
use crate::mutant::Mutant;
use crate::record::Record;

/// What a journal has told so far.
#[derive(Default)]
struct Story {
    leases: BTreeMap<LeaseId, Lease>,
    open: BTreeMap<GenerationId, Begun>,
    /// What ended, and in which segment that stands.
    ended: BTreeMap<GenerationId, (Settlement, u64)>,
    settled: BTreeSet<GenerationId>,
}

struct Begun {
    draft: Generation,
    account: AccountId,
    shares: Vec<Share>,
    progress: Option<Progress>,
}

impl Desk {
    /// Takes over a journal. Generations that were open end with what is known of their progress;
    /// what ended and is not known to be in the books for good is to be settled (again); all that
    /// is left of leases goes back.
    pub fn recover(instance: InstanceId, replay: Replay, setting: Setting) -> Desk {
        let Replay { records, next_segment, next } = replay;
        let first = records.first().map_or(next_segment, |(segment, _)| *segment);
        let mut story = Story::default();
        for (segment, record) in records {
            story.hear(segment, record, setting.mutant);
        }
        let journal = Writer::new(next_segment, next, setting.segment_bytes, true);
        let mut desk = Desk::empty(instance, setting, journal);
        desk.first_segment = first;
        desk.is_closing = true;
        desk.durable = next - 1;
        desk.needs_assert = true;
        desk.take_leases(story.leases, &story.open);
        desk.checkpoint();
        for (_, (settlement, segment)) in story.ended {
            desk.enqueue(settlement, 0, segment);
        }
        for (_, begun) in story.open {
            if !setting.mutant.breaks(Mutant::DropOpenIntents) {
                desk.end(begun);
            }
        }
        desk.give_back_all();
        desk
    }

    fn take_leases(
        &mut self,
        leases: BTreeMap<LeaseId, Lease>,
        open: &BTreeMap<GenerationId, Begun>,
    ) {
        for (id, mut lease) in leases {
            let shares = open.values().flat_map(|begun| &begun.shares);
            lease.reserved =
                shares.filter(|share| share.lease == id).map(|share| share.amount).sum();
            let forgets = self.breaks(Mutant::ForgetUsageAtRecovery);
            let used = if forgets { Money::ZERO } else { lease.used };
            lease.free = lease
                .granted
                .saturating_sub(lease.returned)
                .saturating_sub(used)
                .saturating_sub(lease.reserved);
            if self.breaks(Mutant::DropOpenIntents) {
                lease.free = lease.free.saturating_add(lease.reserved);
                lease.reserved = Money::ZERO;
            }
            lease.returned_durable = lease.returned;
            if Money::ZERO < lease.returned {
                self.to_return.insert(id.clone());
            }
            self.purses.entry(lease.purse.clone()).or_default().leases.push(id.clone());
            self.leases.insert(id, lease);
        }
    }

    /// Ends a generation that nobody saw to its end: it costs what was durably noted.
    fn end(&mut self, begun: Begun) {
        let Begun { mut draft, account, shares, progress } = begun;
        let mut price = None;
        draft.outcome = Outcome::Broken;
        draft.detail.error = Some("interrupted".to_owned());
        if let Some(progress) = progress {
            draft.cost = progress.charge;
            draft.usage = progress.usage;
            if let Some(served) = progress.served {
                draft.model = served.model;
                draft.endpoint = Some(served.endpoint);
                draft.provider = Some(served.provider);
                draft.provider_name = Some(served.provider_name);
                price = Some(served.price);
            }
        }
        let charge = draft.cost;
        let mut left: BTreeMap<_, Money> = BTreeMap::new();
        let mut taken = Vec::new();
        for share in &shares {
            let Some(lease) = self.leases.get_mut(&share.lease) else { continue };
            let left = left.entry(lease.purse.clone()).or_insert(charge);
            let amount = share.amount.min(*left);
            *left = left.saturating_sub(amount);
            lease.reserved = lease.reserved.saturating_sub(share.amount);
            lease.free = lease.free.saturating_add(share.amount.saturating_sub(amount));
            lease.used = lease.used.saturating_add(amount);
            taken.push(Share { amount, ..share.clone() });
        }
        let amounts = Amounts { charge, ..Amounts::default() };
        self.close(Settlement { generation: draft, account, shares: taken, price, amounts });
    }
}

impl Story {
    fn hear(&mut self, segment: u64, record: Record, mutant: Mutant) {
        match record {
            Record::Segment { .. } | Record::Seal => (),
            Record::Lease { lease, purse, granted, returned, used } => {
                let state = Lease { returned, used, ..Lease::new(purse, granted) };
                self.leases.insert(lease, state);
            }
            Record::Intent { draft, account, shares } => {
                let id = draft.id.clone();
                let draft = *draft;
                self.open.entry(id).or_insert(Begun { draft, account, shares, progress: None });
            }
            Record::Progress(progress) => {
                if let Some(begun) = self.open.get_mut(&progress.generation) {
                    let served = begun.progress.take().and_then(|before| before.served);
                    let served = progress.served.clone().or(served);
                    begun.progress = Some(Progress { served, ..*progress });
                }
            }
            Record::Usage(settlement) => {
                let id = settlement.generation.id.clone();
                self.open.remove(&id);
                for share in &settlement.shares {
                    if let Some(lease) = self.leases.get_mut(&share.lease) {
                        lease.used = lease.used.saturating_add(share.amount);
                    }
                }
                if !self.settled.contains(&id) {
                    self.ended.insert(id, (*settlement, segment));
                }
            }
            Record::Return { lease, returned } => {
                if let Some(lease) = self.leases.get_mut(&lease) {
                    lease.returned = lease.returned.max(returned);
                }
            }
            Record::Settled { generations } => {
                for id in generations {
                    self.ended.remove(&id);
                    if mutant.breaks(Mutant::TruncateBeforeAck) {
                        self.settled.insert(id);
                    }
                }
            }
        }
    }
}
