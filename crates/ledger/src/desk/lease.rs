//! A lease in the hands of its holder.

use domain::books::{LeaseState, Stamp};
use domain::id::LeaseId;
use domain::money::Money;
use domain::purse::Purse;

use crate::record::Record;

/// A lease. What is free, reserved, used and returned of it sums to what was granted.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) purse: Purse,
    pub(super) granted: Money,
    pub(super) free: Money,
    pub(super) reserved: Money,
    pub(super) used: Money,
    /// What was given back, all together; and how much of that is durable.
    pub(super) returned: Money,
    pub(super) returned_durable: Money,
    /// What the books have heard of it, and where they stood then.
    pub(super) heard: Option<(Stamp, Money)>,
    /// What they have heard for good.
    pub(super) returned_for_good: Money,
    /// Settlements that name it and are not in the books for good.
    pub(super) rows: u32,
}

impl Lease {
    pub(super) fn new(purse: Purse, granted: Money) -> Lease {
        Lease {
            purse,
            granted,
            free: granted,
            reserved: Money::ZERO,
            used: Money::ZERO,
            returned: Money::ZERO,
            returned_durable: Money::ZERO,
            heard: None,
            returned_for_good: Money::ZERO,
            rows: 0,
        }
    }

    pub(super) fn record(&self, id: &LeaseId) -> Record {
        Record::Lease {
            lease: id.clone(),
            purse: self.purse.clone(),
            granted: self.granted,
            returned: self.returned,
            used: self.used,
        }
    }

    pub(super) fn state(&self, id: &LeaseId) -> LeaseState {
        LeaseState {
            lease: id.clone(),
            purse: self.purse.clone(),
            granted: self.granted,
            returned: self.returned_durable,
        }
    }

    /// Whether nobody needs to hear of it any more.
    pub(super) fn is_over(&self) -> bool {
        self.free <= Money::ZERO
            && self.reserved <= Money::ZERO
            && self.rows == 0
            && self.returned == self.returned_for_good
    }
}
