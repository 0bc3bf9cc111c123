//! What the house bears for an account, as a desk learns it from the books.

use domain::books::{Reply, Stamp, Standing};
use domain::id::InstanceId;
use domain::money::Money;
use domain::purse::Purse;
use ledger::desk::{Desk, Inquiry, Setting};

use crate::node::{account, ask, day};

fn cents(cents: i64) -> Money {
    Money::from_nanos(cents * 10_000_000)
}

/// The books say that an account was charged so much, and that the house bore so much for it.
fn tell(desk: &mut Desk, inquiry: &Inquiry, (charged, borne): (i64, i64)) {
    let answer = Standing { filled: cents(charged), spent: cents(borne), leased: Money::ZERO };
    let reply = Reply { answer, stamp: Stamp::default(), recalls: Vec::new() };
    desk.told_of_house(inquiry, &reply);
}

#[test]
fn what_others_bore_is_heard_of_and_what_was_promised_meanwhile_is_not_forgotten() {
    let mut desk = Desk::new(InstanceId::new("late"), Setting::default());
    let (first, second) = (ask(1, 0, 0, day(0), (0, 0)), ask(2, 0, 0, day(0), (0, 0)));
    desk.hold(&first).unwrap();
    desk.hold(&second).unwrap();
    assert!(desk.insure(&first.draft.id, cents(1)));
    let asked = desk.take_inquiries();
    assert_eq!(asked[0].purse, Purse::house(&account(0), day(0)));
    assert!(desk.take_inquiries().is_empty(), "nothing has begun since");
    assert!(desk.insure(&second.draft.id, cents(1)));
    // Ten cents are borne, seven others bore, and two are promised here that the books do not know.
    tell(&mut desk, &asked[0], (0, 7));
    assert!(!desk.insure(&second.draft.id, cents(2)));
    assert!(desk.insure(&second.draft.id, cents(1)));
    assert!(desk.insure(&second.draft.id, Money::ZERO));
    assert!(!desk.insure(&second.draft.id, Money::from_nanos(1)));
    // Another day, and another account, have their own.
    let other = ask(3, 1, 0, day(0), (0, 0));
    desk.hold(&other).unwrap();
    assert!(desk.insure(&other.draft.id, cents(10)));
    let tomorrow = ask(4, 0, 0, day(1), (0, 0));
    desk.hold(&tomorrow).unwrap();
    assert!(desk.insure(&tomorrow.draft.id, cents(10)));
    // A twentieth of what it is charged is borne besides.
    let asked = desk.take_inquiries();
    let today = asked.iter().find(|it| it.purse == Purse::house(&account(0), day(0)));
    assert!(today.is_none(), "nothing has begun since");
    let fifth = ask(5, 0, 0, day(0), (0, 0));
    desk.hold(&fifth).unwrap();
    let asked = desk.take_inquiries();
    tell(&mut desk, &asked[0], (40, 7));
    assert!(desk.insure(&fifth.draft.id, cents(2)));
    assert!(!desk.insure(&fifth.draft.id, Money::from_nanos(1)));
}
