//! What must hold after every step, and what must hold when everything has come to rest.

use std::collections::BTreeMap;

use domain::id::InstanceId;
use domain::key::Reset;
use domain::money::Money;
use domain::purse::{Period, Purse};

use crate::node::{account, budget, day, key, tokens};
use crate::world::{BUDGET_DAY, LIMIT_DAY, LIMIT_TOTAL, Mode, Told, World};

/// A caller who left or was left may have seen so many tokens more than it is charged for.
const AHEAD: i64 = domain::gate::TOKENS_AHEAD_MAX as i64;

impl World {
    /// I2, I3, I10 and I11: nothing is spent or set aside that is not there.
    pub fn check(&self) -> Result<(), String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        for payer in 0..2 {
            let standing = self.books.standing(&Purse::Account(account(payer)));
            let credit = standing.filled.saturating_sub(standing.spent);
            let with_lost = credit.saturating_add(self.unapplied(payer));
            if with_lost.saturating_add(self.given_up) < Money::ZERO {
                return Err(format!("I2: account {payer} stands at {credit}"));
            }
            let is_settled = match self.mode {
                Mode::Sync => true,
                Mode::Async => !self.books.awaits_asserts(),
                Mode::Revoke => false,
            };
            let available = standing.available().saturating_add(self.unapplied(payer));
            if is_settled && available < Money::ZERO {
                return Err(format!("I3: account {payer} is leased out: {standing:?}"));
            }
        }
        if self.mode == Mode::Sync {
            for (id, lease) in self.books.leases() {
                if lease.granted < lease.settled.saturating_add(lease.returned) {
                    return Err(format!("I3: lease {id} gave more than it was: {lease:?}"));
                }
            }
        }
        self.check_payments()?;
        let total = self.books.standing(&Purse::Key(key(1), Period::default())).spent;
        if tokens(LIMIT_TOTAL).saturating_add(self.given_up) < total {
            return Err(format!("I10: the key with a limit has spent {total}"));
        }
        Ok(())
    }

    /// I1, I4, I5, I7, I8, I10 and I11, from what callers saw and what the books say.
    pub fn check_at_rest(&self) -> Result<(), String> {
        let mut spent: BTreeMap<u64, Money> = BTreeMap::new();
        let mut by_day: BTreeMap<i64, Money> = BTreeMap::new();
        let mut by_budget: BTreeMap<i64, Money> = BTreeMap::new();
        for (id, told) in &self.told {
            let Some(settlement) = self.books.settlements().get(id) else {
                if Money::ZERO < told.shown || told.price.is_some() {
                    return Err(format!("I4: {id} was seen and is not in the books: {told:?}"));
                }
                continue;
            };
            let charge = settlement.amounts.charge;
            amount(told, charge).map_err(|fault| format!("I5: {id} {fault}: {told:?} {charge}"))?;
            if settlement.generation.cost != charge || settlement.account != account(told.payer) {
                return Err(format!("I8: the record of {id} says something else"));
            }
            let sum = spent.entry(told.payer).or_default();
            *sum = sum.saturating_add(charge);
            for (counts, sums) in [(told.key == 2, &mut by_day), (told.payer == 0, &mut by_budget)]
            {
                if counts {
                    let sum = sums.entry(told.day).or_default();
                    *sum = sum.saturating_add(charge);
                }
            }
        }
        for payer in 0..2 {
            let standing = self.books.standing(&Purse::Account(account(payer)));
            let own = self.orders.iter().filter(|order| order.payer == payer);
            let paid: Money = own.map(|order| order.credit).sum();
            let spent = spent.get(&payer).copied().unwrap_or_default();
            if (standing.filled, standing.spent, standing.leased) != (paid, spent, Money::ZERO) {
                return Err(format!(
                    "I7: account {payer}: paid {paid}, spent {spent}, {standing:?}"
                ));
            }
        }
        self.check_payments_at_rest()?;
        self.check_house()?;
        let of_key = |date| Purse::Key(key(2), Period::at(Some(Reset::Daily), day(date)));
        self.check_days(&by_day, of_key, LIMIT_DAY)?;
        self.check_days(&by_budget, |date| budget(day(date)), BUDGET_DAY)
    }

    /// What a process bore for an account in a day is bounded, by what the account was charged, and
    /// the books say what all of them bore.
    fn check_house(&self) -> Result<(), String> {
        let mut borne: BTreeMap<(&InstanceId, Purse), Money> = BTreeMap::new();
        let mut all: BTreeMap<Purse, (Money, Money)> = BTreeMap::new();
        for (id, settlement) in self.books.settlements() {
            let house = Purse::house(&settlement.account, settlement.generation.created);
            let (charged, sum) = all.entry(house.clone()).or_default();
            *charged = charged.saturating_add(settlement.amounts.charge);
            *sum = sum.saturating_add(settlement.amounts.borne());
            if let Some(by) = self.told.get(id).and_then(|told| told.insured_by.as_ref()) {
                let sum = borne.entry((by, house)).or_default();
                *sum = sum.saturating_add(settlement.amounts.insurance);
            }
        }
        for (house, (charged, borne)) in &all {
            let standing = self.books.standing(house);
            if (standing.filled, standing.spent) != (*charged, *borne) {
                return Err(format!("I7: {house}: {charged}, {borne}, {standing:?}"));
            }
        }
        let insurance = self.setting().insurance;
        for ((by, house), borne) in borne {
            let charged = all.get(&house).map_or(Money::ZERO, |(charged, _)| *charged);
            if !insurance.bears(charged, borne, Money::ZERO) {
                return Err(format!("{by} bore {borne} of {house}, which was charged {charged}"));
            }
        }
        Ok(())
    }

    /// I10: what was spent in each day is what the books say, and no more than the limit.
    fn check_days(
        &self,
        days: &BTreeMap<i64, Money>,
        purse: impl Fn(i64) -> Purse,
        limit: i64,
    ) -> Result<(), String> {
        for (date, sum) in days {
            let standing = self.books.standing(&purse(*date));
            if standing.spent != *sum || tokens(limit).saturating_add(self.given_up) < *sum {
                return Err(format!("I10: {}: {sum} of {standing:?}", purse(*date)));
            }
        }
        Ok(())
    }
}

/// I5: a caller who saw the end pays the price that it saw; else no more than was made and
/// reserved, and no less than was seen, but for what may be ahead.
fn amount(told: &Told, charge: Money) -> Result<(), &'static str> {
    if let Some(price) = told.price {
        return if charge == price {
            Ok(())
        } else {
            Err("is charged another price than was seen")
        };
    }
    if told.produced < charge || told.reserved < charge {
        return Err("is charged more than was made or reserved");
    }
    let least = told.shown.min(told.reserved).saturating_sub(tokens(AHEAD));
    if told.insured_by.is_none() && charge < least {
        return Err("is charged less than was seen");
    }
    Ok(())
}
