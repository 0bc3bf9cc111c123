//! The payment processor: it knows what is paid, given back and disputed. Its notices come twice,
//! late, in any order or never.

use domain::money::Money;
use domain::payment::Said;
use domain::purse::Purse;

use crate::node::{account, tokens};
use crate::world::{ACCOUNTS, World};

/// An account that buys, gets its money back, disputes, and never spends: whatever is refunded of
/// credits that were spent is missing by right.
pub const BUYER: u64 = ACCOUNTS;

/// A payment, as the processor knows it.
#[derive(Clone, Debug)]
pub struct Order {
    pub payer: u64,
    pub credit: Money,
    pub fee: Money,
    pub truth: Said,
    /// The most that was ever booked of it.
    pub once: Money,
}

impl World {
    /// Somebody pays. Before anything goes wrong, that is booked at once.
    pub fn pay(&mut self, payer: u64) {
        let credit = tokens(150 + self.dice.roll(700) as i64);
        let fee = Money::from_nanos(credit.nanos() / 20);
        let truth = Said { paid: true, ..Said::default() };
        self.orders.push(Order { payer, credit, fee, truth, once: Money::ZERO });
        let number = self.orders.len() - 1;
        if self.is_calm { self.look(number) } else { self.notify(number) }
    }

    /// Money goes back, a bank disputes, or a dispute is won.
    pub fn regret(&mut self) {
        let own = self.orders.iter().enumerate().filter(|(_, order)| order.payer == BUYER);
        let own: Vec<usize> = own.map(|(number, _)| number).collect();
        let pick = self.dice.roll(own.len() as u64) as usize;
        let Some(&number) = own.get(pick) else { return };
        let part = self.dice.roll(100) as i64;
        let order = &mut self.orders[number];
        let total = order.credit.saturating_add(order.fee);
        let amount = Money::from_nanos(total.nanos() / 100 * part);
        match part % 3 {
            0 => order.truth.refunded = order.truth.refunded.saturating_add(amount).min(total),
            1 => order.truth.disputed = amount,
            _ => order.truth.disputed = Money::ZERO,
        }
        self.notify(number);
    }

    /// Sends a notice with what was the case when somebody looked; as often as it likes.
    fn notify(&mut self, number: usize) {
        for _ in 0..self.dice.roll(4) {
            self.notices.push((number, self.orders[number].truth));
        }
    }

    /// Lets any notice arrive, and perhaps again later.
    pub fn be_told(&mut self) {
        let pick = self.dice.roll(self.notices.len() as u64) as usize;
        let Some(&(number, said)) = self.notices.get(pick) else { return };
        if !self.dice.percent(25) {
            self.notices.swap_remove(pick);
        }
        self.say(number, said);
    }

    /// Looks at what nobody told of.
    pub fn look_at_any(&mut self) {
        let number = self.dice.roll(self.orders.len() as u64) as usize;
        self.look(number);
    }

    /// Looks at every payment of which the books do not have all.
    pub fn look_at_all(&mut self) {
        for number in 0..self.orders.len() {
            let Order { credit, fee, truth, .. } = self.orders[number];
            let booked = self.books.booked(number as u64);
            if booked.after(credit, fee, &truth).0 != booked {
                self.look(number);
            }
        }
    }

    fn look(&mut self, number: usize) {
        self.say(number, self.orders[number].truth);
    }

    fn say(&mut self, number: usize, said: Said) {
        let Order { payer, credit, fee, .. } = self.orders[number];
        self.snap();
        self.books.say(number as u64, &account(payer), (credit, fee), &said);
        self.mark_durable();
        let left = self.books.booked(number as u64).left(credit);
        let order = &mut self.orders[number];
        order.once = order.once.max(left);
    }

    /// Returns what a failover has lost of an account's payments.
    pub fn unapplied(&self, payer: u64) -> Money {
        let own = self.orders.iter().enumerate().filter(|(_, order)| order.payer == payer);
        let lost = own.map(|(number, order)| {
            order.once.saturating_sub(self.books.booked(number as u64).left(order.credit))
        });
        lost.sum()
    }

    /// I11, at any time: an account has been given what is booked of its payments, each once, and
    /// no refund took more than there was.
    pub fn check_payments(&self) -> Result<(), String> {
        let mut given = [0_i64; ACCOUNTS as usize + 1];
        for (number, order) in self.orders.iter().enumerate() {
            let left = self.books.booked(number as u64).left(order.credit);
            if left < Money::ZERO || order.credit < left {
                return Err(format!("I11: {left} is left of {order:?}"));
            }
            given[order.payer as usize] += left.nanos();
        }
        for (payer, given) in given.into_iter().enumerate() {
            let filled = self.books.standing(&Purse::Account(account(payer as u64))).filled;
            if filled.nanos() != given {
                return Err(format!("I11: account {payer} got {filled} for {given}"));
            }
        }
        Ok(())
    }

    /// I11, at rest: what is booked is what the processor says.
    pub fn check_payments_at_rest(&self) -> Result<(), String> {
        for (number, order) in self.orders.iter().enumerate() {
            let booked = self.books.booked(number as u64);
            let total = order.credit.saturating_add(order.fee).nanos();
            let part = |of: Money| {
                i128::from(of.nanos()) * i128::from(order.credit.nanos()) / i128::from(total)
            };
            let taken = part(order.truth.refunded) + part(order.truth.disputed);
            let left = (i128::from(order.credit.nanos()) - taken).max(0);
            if i128::from(booked.left(order.credit).nanos()) != left {
                return Err(format!("I11: {booked:?} of {order:?}, {left} should be left"));
            }
        }
        Ok(())
    }
}
