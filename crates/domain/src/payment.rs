//! Payments: what a processor says of one, and what follows for the books.
//!
//! What is said is always the whole of it, since the beginning. So it may be said twice, late and
//! out of order, and what is booked comes to the same in the end.

use crate::money::Money;

/// What a processor says of a payment. Amounts are of all that is paid, fee included, and since the
/// beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// It is paid.
    pub paid: bool,
    /// It can no longer be paid.
    pub expired: bool,
    /// What was given back.
    pub refunded: Money,
    /// What a bank took back or holds.
    pub disputed: Money,
}

/// What is booked of a payment. Amounts are credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Booked {
    /// The credits were given.
    pub paid: bool,
    /// What was taken away again for refunds.
    pub refunded: Money,
    /// What is taken away for disputes.
    pub disputed: Money,
}

/// Credits that an account is to get, or to lose where they are negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// For the payment itself.
    pub payment: Money,
    /// For refunds.
    pub refund: Money,
    /// For disputes.
    pub dispute: Money,
}

impl Booked {
    /// Returns what is to be booked of a payment of so many credits and such a fee once a processor
    /// has said something of it, and the moves that lead there. Saying it again moves nothing.
    ///
    /// A payment is credited once. What was given back stays so, and a dispute may be won; neither
    /// takes more than was paid.
    pub fn after(self, credit: Money, fee: Money, said: &Said) -> (Booked, Moves) {
        let paid = self.paid || said.paid;
        let part = |of: Money| if paid { share(credit, fee, of) } else { Money::ZERO };
        let refunded = part(said.refunded).max(self.refunded);
        let disputed = part(said.disputed).min(credit.saturating_sub(refunded));
        let moves = Moves {
            payment: if paid && !self.paid { credit } else { Money::ZERO },
            refund: self.refunded.saturating_sub(refunded),
            dispute: self.disputed.saturating_sub(disputed),
        };
        (Booked { paid, refunded, disputed }, moves)
    }

    /// Returns what is left of the credits.
    pub fn left(&self, credit: Money) -> Money {
        let given = if self.paid { credit } else { Money::ZERO };
        given.saturating_sub(self.refunded).saturating_sub(self.disputed)
    }
}

impl Moves {
    /// Returns what the account gets of them together.
    pub fn sum(&self) -> Money {
        [self.payment, self.refund, self.dispute].into_iter().sum()
    }
}

/// Returns the credits in a part of what was paid; the rest of the part is of the fee.
fn share(credit: Money, fee: Money, part: Money) -> Money {
    let total = credit.saturating_add(fee);
    if total <= Money::ZERO {
        return Money::ZERO;
    }
    let part = part.max(Money::ZERO).min(total);
    let nanos = i128::from(credit.nanos()) * i128::from(part.nanos()) / i128::from(total.nanos());
    Money::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_credited_once_and_taken_back_in_its_parts() {
        let nanos = Money::from_nanos;
        let (credit, fee) = (nanos(100), nanos(5));
        let said = Said { paid: true, refunded: nanos(21), ..Said::default() };
        let (booked, moves) = Booked::default().after(credit, fee, &said);
        assert_eq!((moves.payment, moves.refund, moves.sum()), (nanos(100), nanos(-20), nanos(80)));
        assert_eq!(booked.after(credit, fee, &said).1, Moves::default());
        // What is late takes nothing of it back, and nothing is taken that was never paid.
        let late = Said { paid: true, ..Said::default() };
        assert_eq!(booked.after(credit, fee, &late).1, Moves::default());
        let all = Said { refunded: nanos(999), disputed: nanos(999), ..said };
        let (booked, _) = booked.after(credit, fee, &all);
        assert_eq!((booked.refunded, booked.disputed), (nanos(100), nanos(0)));
        assert_eq!(booked.left(credit), Money::ZERO);
        let unpaid = Said { paid: false, ..all };
        assert_eq!(Booked::default().after(credit, fee, &unpaid).1, Moves::default());
    }
}
