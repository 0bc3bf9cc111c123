//! Uses grouped by what is ranked, and whose uses count.

use std::collections::BTreeMap;

use rankings::cap::Amount;

use crate::event::Name;
use crate::store::UseRow;
use crate::sums::Use;

/// What accounts used of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// By account.
    pub(super) accounts: BTreeMap<Name, Use>,
}

impl Group {
    /// Adds a use.
    pub(super) fn add(&mut self, account: &Name, used: &Use) {
        self.accounts.entry(account.clone()).or_default().add(used);
    }

    /// Returns it without a part of it.
    pub(super) fn without(&self, part: &Group) -> Group {
        let mut rest = self.clone();
        for (account, used) in &part.accounts {
            if let Some(own) = rest.accounts.get_mut(account) {
                own.take(used);
            }
        }
        rest.accounts.retain(|_, used| used.requests != 0);
        rest
    }

    /// Returns all that was used.
    pub(super) fn total(&self) -> Use {
        let mut total = Use::default();
        self.accounts.values().for_each(|used| total.add(used));
        total
    }

    /// Returns what each account used, in a unit.
    pub(super) fn amounts(&self, unit: fn(&Use) -> u64) -> Vec<Amount> {
        let amount = |(account, used): (&Name, &Use)| Amount {
            account: number(account),
            amount: unit(used),
        };
        self.accounts.iter().map(amount).collect()
    }
}

/// Groups rows by a name that a function finds; rows without one are left out.
pub(super) fn grouped<'a>(
    rows: impl Iterator<Item = &'a UseRow>,
    name: impl Fn(&UseRow) -> Option<Name>,
) -> BTreeMap<Name, Group> {
    let mut groups: BTreeMap<Name, Group> = BTreeMap::new();
    for row in rows {
        if let Some(name) = name(row) {
            groups.entry(name).or_default().add(&row.account, &row.used);
        }
    }
    groups
}

/// Returns a number of a name that is the same in every version (FNV-1a).
pub(super) fn number(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
