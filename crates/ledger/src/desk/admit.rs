//! Admission, progress and the end of generations.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::books::{Settlement, Share, Standing};
use domain::generation::Generation;
use domain::id::{AccountId, GenerationId};
use domain::money::Money;
use domain::port::{Ended, Held, Mark, Progress};
use domain::purse::Purse;

use super::state::{Desk, Open, Row, Want};
use crate::mutant::Mutant;
use crate::record::Record;

/// Leases are not asked for in smaller amounts: two cents.
const LEASE_MIN: Money = Money::from_nanos(20_000_000);
/// Nor in larger ones, unless one request needs more, or more was spent or held of late: five
/// dollars.
const LEASE_MAX: Money = Money::from_nanos(5_000_000_000);
/// How many of the largest requests of late a lease is to suffice for.
const RESERVATIONS: i64 = 8;

/// A generation that wants to begin.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its record as far as it is known.
    pub draft: Generation,
    /// Whose credits it spends.
    pub account: AccountId,
    /// The purses that limit it.
    pub purses: Vec<Purse>,
    /// The most that it can cost.
    pub ceiling: Money,
    /// The least that it can do with.
    pub floor: Money,
}

/// A purse of which too little is at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// Which.
    pub purse: Purse,
    /// How often the books have answered about it so far.
    pub answers: u64,
    /// How it stood when the books last had nothing to give; none where they have not said so.
    pub refused: Option<Standing>,
    /// What this instance has set aside and not spent.
    pub at_hand: Money,
}

impl Desk {
    /// Reserves what a generation may cost: between its floor and its ceiling, from each of its
    /// purses. Repeating it changes nothing.
    ///
    /// # Errors
    /// When too little is at hand of a purse; it is then wanted from the books.
    pub fn hold(&mut self, ask: &Ask) -> Result<Held, Short> {
        if let Some(open) = self.open.get(&ask.draft.id) {
            return Ok(Held { amount: open.amount, mark: open.mark });
        }
        self.make_room();
        let mut amount = ask.ceiling;
        for purse in &ask.purses {
            let mut free = self.free(purse);
            let state = self.purses.entry(purse.clone()).or_default();
            let seen = std::mem::replace(&mut state.seen_free, free);
            state.is_busy = true;
            state.reservation = state.reservation.max(ask.floor);
            if self.breaks(Mutant::CheckThenReserve) {
                free = free.max(seen);
            }
            if free < ask.floor || self.is_closing {
                return Err(self.short(purse, ask, free));
            }
            amount = amount.min(free);
        }
        let mut shares = Vec::new();
        for purse in &ask.purses {
            self.draw(purse, amount, &mut shares);
            self.note_reserved(purse);
            self.refill(purse);
        }
        let mut open = Open {
            draft: ask.draft.clone(),
            account: ask.account.clone(),
            purses: ask.purses.clone(),
            shares,
            amount,
            mark: 0,
            progress: None,
            promised: Money::ZERO,
        };
        self.watch_house(Purse::house(&ask.account, ask.draft.created));
        open.mark = self.journal.append(&open.record());
        let mark = open.mark;
        self.open.insert(ask.draft.id.clone(), open);
        Ok(Held { amount, mark })
    }

    fn short(&mut self, purse: &Purse, ask: &Ask, free: Money) -> Short {
        let at_hand =
            free.saturating_add(self.reserved(purse)).saturating_add(self.underway(purse));
        let size = self.lease_size(purse, ask.ceiling);
        let missing = ask.floor.saturating_sub(free);
        let state = self.purses.entry(purse.clone()).or_default();
        let want = state.want.get_or_insert(Want { min: missing, want: Money::ZERO });
        want.min = want.min.min(missing);
        want.want = want.want.saturating_add(missing).max(size);
        Short { purse: purse.clone(), answers: state.answers, refused: state.refused, at_hand }
    }

    /// Returns what was spent of a purse and is not yet in the books.
    fn underway(&self, purse: &Purse) -> Money {
        let Some(state) = self.purses.get(purse).filter(|state| state.refused.is_some()) else {
            return Money::ZERO;
        };
        let shares = self.unsettled.values().flat_map(|row| &row.settlement.shares);
        shares.filter(|share| state.leases.contains(&share.lease)).map(|share| share.amount).sum()
    }

    /// Asks for more where less than half of a lease is left, behind the requests' back.
    fn refill(&mut self, purse: &Purse) {
        let size = self.lease_size(purse, Money::ZERO);
        let free = self.free(purse);
        let Some(state) = self.purses.get_mut(purse) else { return };
        let is_low = free.nanos() < size.nanos() / 2;
        // A purse that had nothing to give is asked again by requests that need it, not before.
        if is_low && state.refused.is_none() && state.want.is_none() && state.pending.is_none() {
            let min = state.reservation.max(Money::from_nanos(1));
            state.want = Some(Want { min, want: size.max(min) });
        }
    }

    /// Keeps count of the most that is reserved at one time.
    fn note_reserved(&mut self, purse: &Purse) {
        let reserved = self.reserved(purse);
        if let Some(state) = self.purses.get_mut(purse) {
            state.held_most[0] = state.held_most[0].max(reserved);
        }
    }

    /// Returns how much a lease of a purse should be: enough for what was spent of late, beside as
    /// much as requests held at one time. What they hold can be far more than what they cost.
    fn lease_size(&self, purse: &Purse, need: Money) -> Money {
        let Some(state) = self.purses.get(purse) else { return LEASE_MIN.max(need) };
        let several = Money::from_nanos(state.reservation.nanos().saturating_mul(RESERVATIONS));
        let spent: Money = state.spent.iter().copied().sum();
        let held = state.held_most.iter().copied().max().unwrap_or_default();
        let recent = spent.saturating_add(held);
        several.max(LEASE_MIN).min(LEASE_MAX).max(recent).max(need)
    }

    /// Takes `amount` of what is free of a purse.
    fn draw(&mut self, purse: &Purse, amount: Money, shares: &mut Vec<Share>) {
        let ids = self.purses.get(purse).map(|state| state.leases.clone()).unwrap_or_default();
        let mut left = amount;
        let last = ids.last().cloned();
        for id in ids {
            let forced = self.breaks(Mutant::CheckThenReserve) && last.as_ref() == Some(&id);
            let Some(lease) = self.leases.get_mut(&id) else { continue };
            let taken = if forced { left } else { lease.free.min(left) };
            if taken <= Money::ZERO {
                continue;
            }
            lease.free = lease.free.saturating_sub(taken);
            lease.reserved = lease.reserved.saturating_add(taken);
            left = left.saturating_sub(taken);
            match shares.iter_mut().find(|share| share.lease == id) {
                Some(share) => share.amount = share.amount.saturating_add(taken),
                None => shares.push(Share { lease: id, amount: taken }),
            }
        }
    }

    /// Writes down how far an answer has come.
    pub fn progress(&mut self, progress: Progress) -> Mark {
        self.make_room();
        let Some(open) = self.open.get_mut(&progress.generation) else { return 0 };
        let mut progress = progress;
        progress.charge = progress.charge.min(open.amount);
        let served = open.progress.take().and_then(|before| before.served);
        let whole = Progress { served: progress.served.clone().or(served), ..progress.clone() };
        open.progress = Some(whole);
        self.journal.append(&Record::Progress(Box::new(progress)))
    }

    /// Returns what of `cost` can be charged; what is added to the reservation for that stays
    /// there.
    pub fn cover(&mut self, generation: &GenerationId, cost: Money) -> Money {
        let Some(open) = self.open.get(generation) else { return Money::ZERO };
        let (purses, amount) = (open.purses.clone(), open.amount);
        if cost <= amount || purses.is_empty() {
            return cost;
        }
        let free = purses.iter().map(|purse| self.free(purse)).min().unwrap_or_default();
        let more = cost.saturating_sub(amount).min(free).max(Money::ZERO);
        let mut drawn = Vec::new();
        for purse in &purses {
            self.draw(purse, more, &mut drawn);
        }
        if let Some(open) = self.open.get_mut(generation) {
            open.amount = amount.saturating_add(more);
            for share in drawn {
                match open.shares.iter_mut().find(|known| known.lease == share.lease) {
                    Some(known) => known.amount = known.amount.saturating_add(share.amount),
                    None => open.shares.push(share),
                }
            }
        }
        amount.saturating_add(more)
    }

    /// Ends a generation: what it does not need is free again, and it is to be settled. Returns the
    /// mark that is durable once the settlement cannot be lost; none where it had ended before.
    pub fn finish(&mut self, ended: Ended) -> Option<Mark> {
        self.make_room();
        let open = self.open.remove(&ended.generation.id)?;
        let settlement = settlement(&open, ended, self.shares_of(&open));
        let house = Purse::house(&open.account, open.draft.created);
        self.bear(house, open.promised, settlement.amounts.borne());
        for (reserved, used) in open.shares.iter().zip(&settlement.shares) {
            self.settle_share(reserved, used.amount);
        }
        Some(self.close(settlement))
    }

    /// Returns what is taken of each share: the charge, from each purse in the order of its leases.
    fn shares_of(&self, open: &Open) -> impl Fn(Money) -> Vec<Share> {
        let purse_of = |share: &Share| self.leases.get(&share.lease).map(|it| it.purse.clone());
        let reserved: Vec<(Option<Purse>, Share)> =
            open.shares.iter().map(|share| (purse_of(share), share.clone())).collect();
        move |charge| {
            let mut left: BTreeMap<&Purse, Money> = BTreeMap::new();
            let taken = reserved.iter().map(|(purse, share)| {
                let Some(purse) = purse else { return share.clone() };
                let left = left.entry(purse).or_insert(charge);
                let amount = share.amount.min(*left);
                *left = left.saturating_sub(amount);
                Share { amount, ..share.clone() }
            });
            taken.collect()
        }
    }

    fn settle_share(&mut self, reserved: &Share, used: Money) {
        let Some(lease) = self.leases.get_mut(&reserved.lease) else { return };
        lease.reserved = lease.reserved.saturating_sub(reserved.amount);
        lease.free = lease.free.saturating_add(reserved.amount.saturating_sub(used));
        lease.used = lease.used.saturating_add(used);
        if let Some(state) = self.purses.get_mut(&lease.purse) {
            state.spent[0] = state.spent[0].saturating_add(used);
        }
        if self.is_closing {
            let id = reserved.lease.clone();
            self.give_back_lease(&id);
        }
    }

    /// Writes a settlement down and has it shipped.
    pub(super) fn close(&mut self, settlement: Settlement) -> Mark {
        let mut settlement = settlement;
        settlement.shares.retain(|share| share.amount != Money::ZERO);
        let mark = self.journal.append(&Record::Usage(Box::new(settlement.clone())));
        self.enqueue(settlement, mark, self.journal.segment());
        mark
    }

    pub(super) fn enqueue(&mut self, settlement: Settlement, mark: Mark, segment: u64) {
        for share in &settlement.shares {
            if let Some(lease) = self.leases.get_mut(&share.lease) {
                lease.rows += 1;
            }
        }
        let id = settlement.generation.id.clone();
        let row = Row { settlement: Arc::new(settlement), mark, segment };
        self.unsettled.insert(id, row);
    }
}

/// Makes a settlement of what ended: the account is never charged more than was reserved.
fn settlement(open: &Open, ended: Ended, shares_of: impl Fn(Money) -> Vec<Share>) -> Settlement {
    let Ended { mut generation, price, mut amounts } = ended;
    if !open.purses.is_empty() && open.amount < amounts.charge {
        let beyond = amounts.charge.saturating_sub(open.amount);
        amounts.charge = open.amount;
        amounts.overrun = amounts.overrun.saturating_add(beyond);
        generation.cost = amounts.charge;
    }
    let shares = shares_of(amounts.charge);
    Settlement { generation, account: open.account.clone(), shares, price, amounts }
}
