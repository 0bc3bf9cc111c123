//! Uses grouped by what is ranked, and whose uses count.

use std::collections::{BTreeMap, HashMap, HashSet};

use rankings::cap::Amount;

use super::read::{Read, Terms};
use crate::event::Name;
use crate::figures::Day;
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

/// Days since its first use that an account needs before it counts in public.
const AGE_MIN: Day = 7;
/// Days on which it was active.
const ACTIVE_DAYS_MIN: usize = 3;
/// What it paid, in nano-dollars.
const PAID_NANOS_MIN: u64 = 5_000_000_000;

/// Leaves only accounts that count in public, and returns how many do: seven days old, active on
/// three, with five dollars paid, and not the house's own. New accounts can be made up by the
/// thousand; old ones that pay cannot.
pub(super) fn keep_eligible(read: &mut Read, terms: &Terms, last: Day) -> u32 {
    let mut seen: HashMap<&Name, (HashSet<Day>, u64)> = HashMap::new();
    for row in &read.daily {
        let held = seen.entry(&row.account).or_default();
        held.0.insert(row.day);
        held.1 += row.used.cost_nanos;
    }
    let is_eligible = |(account, (days, paid)): &(&Name, (HashSet<Day>, u64))| {
        let first = days.iter().min().copied().unwrap_or(last);
        AGE_MIN <= last - first
            && ACTIVE_DAYS_MIN <= days.len()
            && PAID_NANOS_MIN <= *paid
            && !terms.excluded_accounts.contains(&***account)
    };
    let kept: HashSet<Name> =
        seen.into_iter().filter(is_eligible).map(|(account, _)| account.clone()).collect();
    let keep = |rows: &mut Vec<UseRow>| rows.retain(|row| kept.contains(&row.account));
    keep(&mut read.daily);
    keep(&mut read.app_days);
    for (now, before) in &mut read.complete {
        keep(now);
        keep(before);
    }
    read.sides.values_mut().flatten().for_each(keep);
    u32::try_from(kept.len()).unwrap_or(u32::MAX)
}
