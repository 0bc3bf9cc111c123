//! The books as a node sees them: what it asks of the database, and what it is told.
//!
//! A node spends from *leases*: amounts that the database has set aside for it and will give to
//! nobody else. It settles generations in batches behind the requests, and gives back what it does
//! not need. Every message here may be lost, delayed, repeated or overtaken by another; each says
//! why that does no harm. Nothing expires by time: a lease ends when it is settled and returned.
//!
//! The numbers that must always add up:
//! - what is available in a purse = its credit (or its limit less what was spent of it) less the
//!   remainders of its leases, where a remainder is `granted - settled - returned`;
//! - no grant makes that negative;
//! - a lease's `settled` is the sum of the shares of the settlements that name it, whichever came
//!   first, the settlement or the lease.

use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::id::{AccountId, InstanceId, LeaseId};
use crate::money::Money;
use crate::price::Price;
use crate::purse::Purse;
use crate::waiting::Waiting;

/// The most settlements in one batch.
pub const BATCH_MAX: usize = 500;

/// The books: SQL in production, memory in simulations. `ledger::laws` holds both to the same laws.
pub trait Books: Send + Sync {
    /// Makes an instance known, or takes over one that is: returns its epoch, 1 at first and one
    /// more each time. Whoever holds an older epoch can take no lease and assert nothing.
    ///
    /// Not safe to repeat blindly, and needs not be: an epoch that nobody heard of is only skipped.
    /// A new instance has nothing to assert, so it counts as having asserted on this timeline.
    ///
    /// # Errors
    /// [`BooksError::Gone`] where the instance was retired or declared lost.
    fn enlist<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, Epoch>;

    /// Sets money aside, line by line: each line is granted or not on its own, in the order given.
    ///
    /// Safe to repeat: a lease that exists is answered as it was granted, whatever the line says
    /// now. A granted line gets [`lease_amount`] of what is available. A line that gets nothing
    /// leaves a *recall* of its purse where other instances hold leases of it; it stands until a
    /// grant from that purse succeeds or nobody holds one any more.
    ///
    /// # Errors
    /// [`BooksError::Fenced`] where the epoch is not the instance's. [`BooksError::Grace`] after a
    /// failover that may have lost commits, until every instance has asserted on the new timeline,
    /// retired, or been declared lost.
    fn grant<'a>(&'a self, grant: &'a Grant) -> Told<'a, Vec<Granted>>;

    /// Books settlements, all or none: the generation's record, its postings, its shares of leases,
    /// what its key has spent, and what the house bore for its account that day.
    ///
    /// Safe to repeat: a generation that is booked is passed over whole. Needs no epoch, for what
    /// was spent was spent. An empty batch asks for nothing but the stamp and the recalls. A share
    /// of a lease that the books do not know is kept, and counts once the lease is asserted.
    ///
    /// # Errors
    /// [`BooksError::Refused`] where a batch is larger than [`BATCH_MAX`].
    fn settle<'a>(&'a self, batch: &'a Batch) -> Told<'a, ()>;

    /// Takes back what is left of leases. `returned` is cumulative: the books keep the greatest, so
    /// repeats and stragglers change nothing. What is unknown or was revoked is passed over.
    fn give_back<'a>(&'a self, returns: &'a Returns) -> Told<'a, ()>;

    /// Tells every lease that an instance has: the books add those that they lack (a failover may
    /// have lost them; `settled` is then recomputed from shares), raise `returned`, and hand back
    /// whole each lease of the instance that is not named, because it never came to know of it. An
    /// instance that is unknown is added with the epoch it says.
    ///
    /// Numbered: the books ignore an assert whose `(epoch, number)` is not above the last one's,
    /// or that was made for another timeline than theirs, and answer it all the same. The instance
    /// heeds only the answer to its latest.
    ///
    /// # Errors
    /// [`BooksError::Fenced`] where the epoch is below the instance's.
    fn assert<'a>(&'a self, assert: &'a Assert) -> Told<'a, ()>;

    /// Ends an instance whose every lease is settled and returned. Safe to repeat.
    ///
    /// # Errors
    /// [`BooksError::Refused`] where something of its leases is left.
    fn retire<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, ()>;

    /// Gives up on an instance that will not come back: its epoch rises, its leases are revoked,
    /// and what was left of them (which is returned) is free again. Settlements that come later
    /// all the same are booked once; the account may go below zero by no more than what is
    /// returned here. Safe to repeat.
    fn declare_lost<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, Money>;

    /// Returns how a purse stands.
    fn standing<'a>(&'a self, purse: &'a Purse) -> Told<'a, Standing>;

    /// Waits until an instance may have asked for a purse that others hold leases of; those are
    /// told which with the answer to their next message. It may come too often, and must come now
    /// and then although nobody asked, for what wakes it can be lost. For ever where the books
    /// serve one instance alone.
    fn called<'a>(&'a self) -> Waiting<'a, ()> {
        Box::pin(std::future::pending())
    }
}

/// An answer of the books.
pub type Told<'a, T> = Waiting<'a, Result<Reply<T>, BooksError>>;

/// How often an instance has been taken over, and by whom a grant may be asked.
pub type Epoch = u32;

/// What comes with every answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply<T> {
    /// The answer itself.
    pub answer: T,
    /// Where the books stand.
    pub stamp: Stamp,
    /// Purses that others wait for, of those that the asking instance holds leases of: what is
    /// free of them is to be given back at once.
    pub recalls: Vec<Purse>,
}

/// Where the books stood after an answer's transaction.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// Rises when another database takes over. In Postgres it is read from the name of the WAL
    /// file, for the control file lags behind; in SQLite it is always 1.
    pub timeline: u64,
    /// The place of this transaction's commit, or a later one, in the order of all commits.
    pub commit: u64,
    /// Every commit up to here survives whatever failure the installation is built to survive. It
    /// means nothing on another timeline.
    pub durable: u64,
}

/// What a node asks to have set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who asks.
    pub instance: InstanceId,
    /// By which right.
    pub epoch: Epoch,
    /// From which purses.
    pub lines: Vec<GrantLine>,
}

/// One lease that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantLine {
    /// The name that the node chose for it.
    pub lease: LeaseId,
    /// What it is to be taken from.
    pub purse: Purse,
    /// Less than this is of no use.
    pub min: Money,
    /// What would be best.
    pub want: Money,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The lease's amount; none where less than its minimum is available.
    pub amount: Option<Money>,
    /// How the purse stands now, this lease included.
    pub standing: Standing,
}

/// How a purse stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What was ever in it: the credits of an account before anything was spent, or the limit. No
    /// purse of that name holds nothing.
    pub filled: Money,
    /// What was spent of it.
    pub spent: Money,
    /// What is set aside for instances and not yet spent.
    pub leased: Money,
}

/// Returns what a lease gets of what is `available`: as much as the node wants, but no more than a
/// tenth of it, so that others find something too, and never less than the node needs. Where less
/// than that is there, it gets nothing.
///
/// Close to the end, where a tenth no longer covers four requests of the size, it gets all of what
/// it wants: slices as small as that would strand credit in the hands of nodes that cannot use it.
pub fn lease_amount(available: Money, min: Money, want: Money) -> Option<Money> {
    if available < min || available <= Money::ZERO {
        return None;
    }
    let tenth = Money::from_nanos(available.nanos() / 10);
    let is_low = tenth.nanos() < min.nanos().saturating_mul(4);
    let most = if is_low { available } else { tenth };
    Some(want.min(most).max(min))
}

/// Settlements, and who sends them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Whose recalls come with the answer.
    pub instance: InstanceId,
    /// At most [`BATCH_MAX`], in the order of their leases.
    pub settlements: Vec<Settlement>,
}

/// A generation that is over, and who pays what of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settlement {
    /// The record. Its id is what a settlement is known by; its cost is `amounts.charge`.
    pub generation: Generation,
    /// Whose credits it spends.
    pub account: AccountId,
    /// What it takes from leases. By purse they sum to the charge; a purse that does not limit it
    /// has none.
    pub shares: Vec<Share>,
    /// The rates by which it was charged; none where nothing was priced.
    pub price: Option<Price>,
    /// The amounts, by who bears them.
    pub amounts: Amounts,
}

/// What a settlement takes from a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The lease.
    pub lease: LeaseId,
    /// How much, never negative.
    pub amount: Money,
}

/// What a generation cost, by who bears it. What the provider is owed is the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amounts {
    /// The account.
    pub charge: Money,
    /// The house: what a provider made beyond what was reserved.
    pub overrun: Money,
    /// The house: answers that broke off or failed, of which the account is charged nothing.
    pub insurance: Money,
    /// The house: tries that cost something before another endpoint served.
    pub failed_attempts: Money,
}

impl Amounts {
    /// Returns what the house bears.
    pub fn borne(&self) -> Money {
        [self.overrun, self.insurance, self.failed_attempts].into_iter().sum()
    }

    /// Returns what the provider is owed.
    pub fn owed(&self) -> Money {
        [self.charge, self.overrun, self.insurance, self.failed_attempts].into_iter().sum()
    }
}

/// What is left of leases, given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returns {
    /// Who gives it back.
    pub instance: InstanceId,
    /// Which leases, each once, and how much of each since it was granted.
    pub leases: Vec<Returned>,
}

/// What was given back of a lease since it was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The lease.
    pub lease: LeaseId,
    /// How much, all returns together.
    pub returned: Money,
}

/// Every lease that an instance has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assert {
    /// Who asserts.
    pub instance: InstanceId,
    /// By which right.
    pub epoch: Epoch,
    /// Grows from one assert of an epoch to the next.
    pub number: u64,
    /// The timeline that the instance last heard of.
    pub timeline: u64,
    /// The leases.
    pub leases: Vec<LeaseState>,
}

/// A lease as its holder knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseState {
    /// The lease.
    pub lease: LeaseId,
    /// What it was taken from.
    pub purse: Purse,
    /// How much it was when it was granted.
    pub granted: Money,
    /// What was given back of it, all returns together.
    pub returned: Money,
}

/// Why the books give no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BooksError {
    /// Another process has taken the instance over.
    #[error("another process has taken this instance over")]
    Fenced,
    /// The instance was retired or declared lost, and does not come back.
    #[error("this instance was retired or declared lost")]
    Gone,
    /// The database has changed hands, and not every instance has told what it holds.
    #[error("not every instance has told the new database what it holds")]
    Grace,
    /// What was asked makes no sense; asking again will not help.
    #[error("refused: {0}")]
    Refused(String),
    /// It is not known whether the message arrived, or what became of it: send it again.
    #[error("no answer: {0}")]
    Unreachable(String),
}

impl Standing {
    /// Returns what can still be set aside. Negative where a limit was lowered, or an instance was
    /// given up that had spent more than was known.
    pub fn available(&self) -> Money {
        self.filled.saturating_sub(self.spent).saturating_sub(self.leased)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(available: i64, min: i64, want: i64) -> Option<i64> {
        let [available, min, want] = [available, min, want].map(Money::from_nanos);
        lease_amount(available, min, want).map(Money::nanos)
    }

    #[test]
    fn a_lease_is_a_tenth_at_most_and_what_is_needed_at_least() {
        assert_eq!(amount(1_000, 5, 300), Some(100));
        assert_eq!(amount(1_000, 5, 30), Some(30));
        assert_eq!(amount(1_000, 5, 2), Some(5));
    }

    #[test]
    fn the_last_of_a_purse_is_not_cut_into_slices() {
        assert_eq!(amount(100, 5, 300), Some(100));
        assert_eq!(amount(100, 5, 60), Some(60));
        assert_eq!(amount(5, 5, 60), Some(5));
        assert_eq!(amount(4, 5, 60), None);
        assert_eq!(amount(0, 0, 60), None);
    }
}
