//! What the house bears for accounts, as far as one desk knows it: what the books last said, and
//! what was borne here that they did not have then.

use std::collections::BTreeMap;

use domain::books::{Reply, Standing};
use domain::id::{AccountId, GenerationId};
use domain::money::Money;
use domain::purse::Purse;
use domain::time::Timestamp;

use super::state::Desk;
use crate::mutant::Mutant;

/// How far a clock may be off one way, and later the other.
const CLOCKS_APART_MS: i64 = 2 * 86_400_000;

/// A question to the books how much was borne.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// For whom, and on which day.
    pub purse: Purse,
    /// What they have of what was borne here, at the moment of the question.
    counted: Money,
    timeline: u64,
}

impl Desk {
    /// Takes note that a generation of an account has begun: what the house bears for it may soon
    /// be of interest.
    pub(super) fn watch_house(&mut self, house: Purse) {
        self.borne.entry(house).or_default().is_busy = true;
    }

    /// Returns whether the house bears `cost` of a generation, and takes note that it does.
    pub fn insure(&mut self, generation: &GenerationId, cost: Money) -> bool {
        let without_end = self.breaks(Mutant::InsureWithoutEnd);
        let Some(open) = self.open.get_mut(generation) else { return false };
        let house = Purse::house(&open.account, open.draft.created);
        let borne = self.borne.entry(house).or_default();
        let so_far = borne.told.spent.saturating_add(borne.here).saturating_sub(borne.counted);
        if !self.setting.insurance.bears(borne.told.filled, so_far, cost) && !without_end {
            return false;
        }
        open.promised = open.promised.saturating_add(cost);
        borne.here = borne.here.saturating_add(cost);
        true
    }

    /// Takes note of what the house bore in the end of a generation for which it had promised some.
    pub(super) fn bear(&mut self, house: Purse, promised: Money, borne: Money) {
        if promised != borne {
            let known = self.borne.entry(house).or_default();
            known.here = known.here.saturating_sub(promised).saturating_add(borne);
            known.is_busy = true;
        }
    }

    /// Returns what the books are to be asked: of every account of which something has begun since
    /// they last were.
    pub fn take_inquiries(&mut self) -> Vec<Inquiry> {
        let busy = self.borne.iter_mut().filter(|(_, borne)| borne.is_busy);
        let asked = busy.map(|(purse, borne)| {
            borne.is_busy = false;
            purse.clone()
        });
        let asked: Vec<Purse> = asked.collect();
        let timeline = self.timeline;
        let inquiry = |purse: Purse| {
            let here = self.borne.get(&purse).map_or(Money::ZERO, |borne| borne.here);
            let counted = here.saturating_sub(self.not_yet_in_the_books(&purse, here));
            Inquiry { purse, counted, timeline }
        };
        asked.into_iter().map(inquiry).collect()
    }

    /// Returns what was borne or promised here and may not be in the books.
    fn not_yet_in_the_books(&self, house: &Purse, here: Money) -> Money {
        if here == Money::ZERO {
            return Money::ZERO;
        }
        let open = self.open.values();
        let open = open.filter(|open| Purse::house(&open.account, open.draft.created) == *house);
        let rows = self.unsettled.values().map(|row| &*row.settlement);
        let rows = rows.map(|row| (row.amounts.borne(), row)).filter(|(borne, row)| {
            *borne != Money::ZERO && Purse::house(&row.account, row.generation.created) == *house
        });
        open.map(|open| open.promised).chain(rows.map(|(borne, _)| borne)).sum()
    }

    /// Takes the answer to an inquiry.
    pub fn told_of_house(&mut self, inquiry: &Inquiry, reply: &Reply<Standing>) {
        // What another database has lost is on its way to it once more, and counted here already.
        if inquiry.timeline == reply.stamp.timeline
            && self.timeline == reply.stamp.timeline
            && let Some(borne) = self.borne.get_mut(&inquiry.purse)
        {
            borne.told = reply.answer;
            borne.counted = inquiry.counted;
        }
    }

    /// Says that the books are to be asked again, for the answer did not come.
    pub fn inquire_again(&mut self, inquiry: &Inquiry) {
        if let Some(borne) = self.borne.get_mut(&inquiry.purse) {
            borne.is_busy = true;
        }
    }

    /// Forgets days that are over: those of which nothing is under way and nothing was asked for
    /// some looks, where the account has one that is so much later that no clock goes back to them.
    /// Whoever forgot a day too early would bear it from its beginning once more.
    pub(super) fn forget_days(&mut self) {
        let mut latest: BTreeMap<&AccountId, Timestamp> = BTreeMap::new();
        for house in self.borne.keys() {
            if let Purse::House(account, day) = house {
                let last = latest.entry(account).or_default();
                *last = day.start.max(*last);
            }
        }
        let is_long_over = |house: &Purse| match house {
            Purse::House(account, day) => {
                latest.get(account).is_some_and(|last| day.start.plus_ms(CLOCKS_APART_MS) < *last)
            }
            _ => false,
        };
        let is_open = |house: &Purse| {
            let mut open = self.open.values();
            open.any(|open| Purse::house(&open.account, open.draft.created) == *house)
        };
        // Nearly every day is the last of its account, so nearly none is held against all that is
        // under way.
        let over: Vec<Purse> = self
            .borne
            .iter()
            .filter(|(house, borne)| {
                !borne.is_busy
                    && is_long_over(house)
                    && !is_open(house)
                    && self.not_yet_in_the_books(house, borne.here) == Money::ZERO
            })
            .map(|(house, _)| house.clone())
            .collect();
        for house in over {
            self.borne.remove(&house);
        }
    }
}
