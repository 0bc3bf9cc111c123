//! The books in memory: what the rules of [`Books`] mean, without a database.
//!
//! Simulations run on it, and `laws` holds every other implementation to what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::books::{
    Assert, BATCH_MAX, Batch, Books, BooksError, Epoch, Grant, GrantLine, Granted, Reply, Returns,
    Settlement, Stamp, Standing, Told, lease_amount,
};
use domain::id::{AccountId, GenerationId, InstanceId, KeyId, LeaseId};
use domain::key::Reset;
use domain::money::Money;
use domain::payment::{Booked, Said};
use domain::purse::{Period, Purse};

/// Books in memory that never lose anything.
pub struct MemoryBooks {
    state: Mutex<State>,
}

/// Everything that the books know. A copy of it is a backup.
#[derive(Clone, Debug, Default)]
pub struct State {
    credits: BTreeMap<AccountId, Money>,
    limits: BTreeMap<KeyId, Money>,
    budgets: BTreeMap<String, Budget>,
    spent: BTreeMap<Purse, Money>,
    /// What accounts were charged, by what the house bears for them.
    charged: BTreeMap<Purse, Money>,
    instances: BTreeMap<InstanceId, Instance>,
    leases: BTreeMap<LeaseId, Lease>,
    settlements: BTreeMap<GenerationId, Arc<Settlement>>,
    recalls: BTreeSet<Purse>,
    payments: BTreeMap<u64, Booked>,
    stamp: Stamp,
    flaws: Flaws,
}

/// Rules of the books that can be switched off, to see that somebody notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names the rule that is broken")]
pub struct Flaws {
    pub no_dedupe: bool,
    pub unconditional_grant: bool,
    pub no_grace: bool,
    pub unnumbered_assert: bool,
    pub settled_not_recomputed: bool,
}

#[derive(Clone, Debug)]
struct Instance {
    epoch: Epoch,
    asserted: (Epoch, u64),
    asserted_timeline: u64,
    gone: bool,
}

#[derive(Clone, Debug)]
struct Budget {
    account: AccountId,
    reset: Option<Reset>,
    limit: Money,
}

/// A lease as the books keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it was taken from.
    pub purse: Purse,
    /// How much it was.
    pub granted: Money,
    /// What settlements took of it.
    pub settled: Money,
    /// What was given back.
    pub returned: Money,
    /// Its holder was given up.
    pub revoked: bool,
}

impl Lease {
    /// Returns what is still set aside. Never below zero: what is settled late, of a lease that was
    /// revoked, comes out of the account.
    pub fn remainder(&self) -> Money {
        let left = self.granted.saturating_sub(self.settled).saturating_sub(self.returned);
        left.max(Money::ZERO)
    }
}

impl State {
    /// Returns empty books on their first timeline.
    pub fn new(flaws: Flaws) -> State {
        let stamp = Stamp { timeline: 1, ..Stamp::default() };
        State { stamp, flaws, ..State::default() }
    }

    /// Pays `amount` into an account; a negative amount is a refund.
    pub fn pay(&mut self, account: &AccountId, amount: Money) {
        let credit = self.credits.entry(account.clone()).or_default();
        *credit = credit.saturating_add(amount);
        self.commit();
    }

    /// Books what a processor says of a payment of so many credits and such a fee.
    pub fn say(
        &mut self,
        payment: u64,
        account: &AccountId,
        (credit, fee): (Money, Money),
        said: &Said,
    ) {
        let (next, moves) = self.booked(payment).after(credit, fee, said);
        self.payments.insert(payment, next);
        self.pay(account, moves.sum());
    }

    /// Returns what is booked of a payment.
    pub fn booked(&self, payment: u64) -> Booked {
        self.payments.get(&payment).copied().unwrap_or_default()
    }

    /// Sets what a key may spend in each of its periods, or that it has no limit.
    pub fn limit(&mut self, key: &KeyId, limit: Option<Money>) {
        match limit {
            Some(limit) => self.limits.insert(key.clone(), limit),
            None => self.limits.remove(key),
        };
        self.commit();
    }

    /// Sets what an account may spend in each period of a budget.
    pub fn budget(&mut self, name: &str, account: &AccountId, reset: Option<Reset>, limit: Money) {
        self.budgets.insert(name.to_owned(), Budget { account: account.clone(), reset, limit });
        self.commit();
    }

    /// Moves to a new timeline, as a standby does that takes over.
    pub fn fail_over(&mut self, timeline: u64) {
        self.stamp.timeline = timeline;
    }

    /// Returns where the books stand.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Says which commits would survive a failover.
    pub fn set_durable(&mut self, commit: u64) {
        self.stamp.durable = commit;
    }

    /// Returns the leases.
    pub fn leases(&self) -> &BTreeMap<LeaseId, Lease> {
        &self.leases
    }

    /// Returns what was settled.
    pub fn settlements(&self) -> &BTreeMap<GenerationId, Arc<Settlement>> {
        &self.settlements
    }

    /// See [`Books::enlist`].
    ///
    /// # Errors
    /// As there.
    pub fn enlist(&mut self, instance: &InstanceId) -> Result<Reply<Epoch>, BooksError> {
        let timeline = self.stamp.timeline;
        let fresh =
            Instance { epoch: 0, asserted: (0, 0), asserted_timeline: timeline, gone: false };
        let known = self.instances.entry(instance.clone()).or_insert(fresh);
        if known.gone {
            return Err(BooksError::Gone);
        }
        known.epoch += 1;
        let epoch = known.epoch;
        self.commit();
        Ok(self.reply(instance, epoch))
    }

    /// See [`Books::grant`].
    ///
    /// # Errors
    /// As there.
    pub fn grant(&mut self, grant: &Grant) -> Result<Reply<Vec<Granted>>, BooksError> {
        let current = self.instances.get(&grant.instance);
        if current.is_none_or(|known| known.epoch != grant.epoch || known.gone) {
            return Err(BooksError::Fenced);
        }
        let is_new = |line: &GrantLine| !self.leases.contains_key(&line.lease);
        if grant.lines.iter().any(is_new) && self.is_in_grace() {
            return Err(BooksError::Grace);
        }
        let answer = grant.lines.iter().map(|line| self.grant_line(&grant.instance, line));
        let answer = answer.collect();
        self.commit();
        Ok(self.reply(&grant.instance, answer))
    }

    fn grant_line(&mut self, instance: &InstanceId, line: &GrantLine) -> Granted {
        let known = self.leases.get(&line.lease).map(|lease| lease.granted);
        let amount = known.or_else(|| {
            let available = self.standing(&line.purse).available();
            let amount = lease_amount(available, line.min, line.want);
            if self.flaws.unconditional_grant { Some(line.want) } else { amount }
        });
        match amount {
            Some(granted) if known.is_none() => {
                let purse = line.purse.clone();
                self.recalls.remove(&purse);
                self.leases.insert(line.lease.clone(), Lease::of(purse, granted));
            }
            Some(_) => (),
            None => {
                if self.held_by(|id, lease| id.instance != *instance && lease.purse == line.purse) {
                    self.recalls.insert(line.purse.clone());
                }
            }
        }
        Granted { amount, standing: self.standing(&line.purse) }
    }

    /// See [`Books::settle`].
    ///
    /// # Errors
    /// As there.
    pub fn settle(&mut self, batch: &Batch) -> Result<Reply<()>, BooksError> {
        if BATCH_MAX < batch.settlements.len() {
            return Err(BooksError::Refused(format!("more than {BATCH_MAX} settlements")));
        }
        for settlement in &batch.settlements {
            let id = &settlement.generation.id;
            if self.flaws.no_dedupe || !self.settlements.contains_key(id) {
                self.book(settlement);
            }
        }
        self.commit();
        Ok(self.reply(&batch.instance, ()))
    }

    fn book(&mut self, settlement: &Settlement) {
        let generation = &settlement.generation;
        let charge = settlement.amounts.charge;
        self.spend(Purse::Account(settlement.account.clone()), charge);
        let resets = [None, Some(Reset::Daily), Some(Reset::Weekly), Some(Reset::Monthly)];
        for period in resets.map(|reset| Period::at(reset, generation.created)) {
            self.spend(Purse::Key(generation.key.clone(), period), charge);
        }
        // By whose it is, not by what was drawn: a lease may be unknown here, and stay so.
        let own = self.budgets.iter().filter(|(_, budget)| budget.account == settlement.account);
        let at = generation.created;
        let purse = |(name, budget): (&String, &Budget)| {
            Purse::Budget(name.clone(), Period::at(budget.reset, at))
        };
        for purse in own.map(purse).collect::<Vec<Purse>>() {
            self.spend(purse, charge);
        }
        let house = Purse::house(&settlement.account, at);
        let charged = self.charged.entry(house.clone()).or_default();
        *charged = charged.saturating_add(charge);
        self.spend(house, settlement.amounts.borne());
        for share in &settlement.shares {
            let Some(lease) = self.leases.get_mut(&share.lease) else { continue };
            lease.settled = lease.settled.saturating_add(share.amount);
        }
        self.settlements.insert(generation.id.clone(), Arc::new(settlement.clone()));
    }

    fn spend(&mut self, purse: Purse, amount: Money) {
        let spent = self.spent.entry(purse).or_default();
        *spent = spent.saturating_add(amount);
    }

    /// See [`Books::give_back`].
    pub fn give_back(&mut self, returns: &Returns) -> Reply<()> {
        for line in &returns.leases {
            if let Some(lease) = self.leases.get_mut(&line.lease)
                && !lease.revoked
            {
                lease.returned = lease.returned.max(line.returned);
            }
        }
        self.commit();
        self.reply(&returns.instance, ())
    }

    /// See [`Books::assert`].
    ///
    /// # Errors
    /// As there.
    pub fn assert(&mut self, assert: &Assert) -> Result<Reply<()>, BooksError> {
        let known = self.instances.entry(assert.instance.clone()).or_insert(Instance {
            epoch: assert.epoch,
            asserted: (0, 0),
            asserted_timeline: 0,
            gone: false,
        });
        if assert.epoch < known.epoch || known.gone {
            return Err(BooksError::Fenced);
        }
        let is_late = (assert.epoch, assert.number) <= known.asserted;
        if !self.flaws.unnumbered_assert && (is_late || assert.timeline != self.stamp.timeline) {
            return Ok(self.reply(&assert.instance, ()));
        }
        known.epoch = assert.epoch;
        known.asserted = (assert.epoch, assert.number);
        known.asserted_timeline = self.stamp.timeline;
        self.reconcile(assert);
        self.commit();
        Ok(self.reply(&assert.instance, ()))
    }

    fn reconcile(&mut self, assert: &Assert) {
        for told in &assert.leases {
            if !self.leases.contains_key(&told.lease) {
                self.restore(&told.lease, told.purse.clone(), told.granted);
            }
            if let Some(lease) = self.leases.get_mut(&told.lease)
                && !lease.revoked
            {
                lease.returned = lease.returned.max(told.returned);
            }
        }
        let told: BTreeSet<&LeaseId> = assert.leases.iter().map(|told| &told.lease).collect();
        for (id, lease) in &mut self.leases {
            if id.instance == assert.instance && !told.contains(id) {
                lease.returned = lease.returned.saturating_add(lease.remainder());
            }
        }
    }

    /// Adds a lease that was lost; settlements may have come before it.
    fn restore(&mut self, id: &LeaseId, purse: Purse, granted: Money) {
        let shares = self.settlements.values().flat_map(|settlement| &settlement.shares);
        let settled: Money =
            shares.filter(|share| share.lease == *id).map(|share| share.amount).sum();
        let settled = if self.flaws.settled_not_recomputed { Money::ZERO } else { settled };
        self.leases.insert(id.clone(), Lease { settled, ..Lease::of(purse, granted) });
    }

    /// See [`Books::retire`].
    ///
    /// # Errors
    /// As there.
    pub fn retire(&mut self, instance: &InstanceId) -> Result<Reply<()>, BooksError> {
        if self.held_by(|id, _| id.instance == *instance) {
            return Err(BooksError::Refused("something of its leases is left".to_owned()));
        }
        if let Some(known) = self.instances.get_mut(instance) {
            known.gone = true;
        }
        self.commit();
        Ok(self.reply(instance, ()))
    }

    /// See [`Books::declare_lost`].
    pub fn declare_lost(&mut self, instance: &InstanceId) -> Reply<Money> {
        if let Some(known) = self.instances.get_mut(instance)
            && !known.gone
        {
            known.epoch += 1;
            known.gone = true;
        }
        let mut freed = Money::ZERO;
        for (id, lease) in &mut self.leases {
            if id.instance == *instance && !lease.revoked {
                let left = lease.remainder();
                freed = freed.saturating_add(left);
                lease.returned = lease.returned.saturating_add(left);
                lease.revoked = true;
            }
        }
        self.commit();
        self.reply(instance, freed)
    }

    /// See [`Books::standing`].
    pub fn standing(&self, purse: &Purse) -> Standing {
        let filled = match purse {
            Purse::Account(account) => self.credits.get(account),
            Purse::Key(key, _) => self.limits.get(key),
            Purse::Budget(name, _) => self.budgets.get(name).map(|budget| &budget.limit),
            Purse::House(..) => self.charged.get(purse),
        };
        let leased = self.leases.values().filter(|lease| lease.purse == *purse);
        Standing {
            filled: filled.copied().unwrap_or_default(),
            spent: self.spent.get(purse).copied().unwrap_or_default(),
            leased: leased.map(Lease::remainder).sum(),
        }
    }

    fn is_in_grace(&self) -> bool {
        !self.flaws.no_grace && self.awaits_asserts()
    }

    /// Returns whether an instance has yet to tell what it holds on this timeline.
    pub fn awaits_asserts(&self) -> bool {
        let waits = |known: &Instance| !known.gone && known.asserted_timeline < self.stamp.timeline;
        self.instances.values().any(waits)
    }

    fn held_by(&self, holds: impl Fn(&LeaseId, &Lease) -> bool) -> bool {
        self.leases.iter().any(|(id, lease)| Money::ZERO < lease.remainder() && holds(id, lease))
    }

    fn commit(&mut self) {
        self.stamp.commit += 1;
        self.stamp.durable = self.stamp.commit;
        let recalls = std::mem::take(&mut self.recalls);
        let is_held = |purse: &Purse| self.held_by(|_, lease| lease.purse == *purse);
        self.recalls = recalls.into_iter().filter(is_held).collect();
    }

    fn reply<T>(&self, instance: &InstanceId, answer: T) -> Reply<T> {
        let holds = |purse: &&Purse| {
            self.held_by(|id, lease| id.instance == *instance && lease.purse == **purse)
        };
        let recalls = self.recalls.iter().filter(holds).cloned().collect();
        Reply { answer, stamp: self.stamp, recalls }
    }
}

impl Lease {
    fn of(purse: Purse, granted: Money) -> Lease {
        let (settled, returned) = (Money::ZERO, Money::ZERO);
        Lease { purse, granted, settled, returned, revoked: false }
    }
}

impl Default for MemoryBooks {
    fn default() -> MemoryBooks {
        MemoryBooks::new()
    }
}

impl MemoryBooks {
    /// Opens empty books.
    pub fn new() -> MemoryBooks {
        MemoryBooks { state: Mutex::new(State::new(Flaws::default())) }
    }

    /// Returns the state, to look at or to pay into. Nobody can ask anything meanwhile.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // No method of the state panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books for MemoryBooks {
    fn enlist<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, Epoch> {
        Box::pin(ready(self.state().enlist(instance)))
    }

    fn grant<'a>(&'a self, grant: &'a Grant) -> Told<'a, Vec<Granted>> {
        Box::pin(ready(self.state().grant(grant)))
    }

    fn settle<'a>(&'a self, batch: &'a Batch) -> Told<'a, ()> {
        Box::pin(ready(self.state().settle(batch)))
    }

    fn give_back<'a>(&'a self, returns: &'a Returns) -> Told<'a, ()> {
        Box::pin(ready(Ok(self.state().give_back(returns))))
    }

    fn assert<'a>(&'a self, assert: &'a Assert) -> Told<'a, ()> {
        Box::pin(ready(self.state().assert(assert)))
    }

    fn retire<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, ()> {
        Box::pin(ready(self.state().retire(instance)))
    }

    fn declare_lost<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, Money> {
        Box::pin(ready(Ok(self.state().declare_lost(instance))))
    }

    fn standing<'a>(&'a self, purse: &'a Purse) -> Told<'a, Standing> {
        let state = self.state();
        let standing = state.standing(purse);
        let reply = Reply { answer: standing, stamp: state.stamp(), recalls: Vec::new() };
        drop(state);
        Box::pin(ready(Ok(reply)))
    }
}
