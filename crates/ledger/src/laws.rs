//! The laws of the books, for whoever implements [`Books`]. Each is a story that must come out the
//! same on every implementation; [`agree`] asks two of them the same random things.
//!
//! A law panics where it is broken. It needs books that nobody else uses.

use domain::books::{
    Amounts, Assert, BATCH_MAX, Batch, Books, BooksError, Epoch, Grant, GrantLine, LeaseState,
    Returned, Returns, Settlement, Share, Standing,
};
use domain::generation::{Generation, GenerationDetail, Outcome};
use domain::id::{AccountId, GenerationId, InstanceId, KeyId, LeaseId};
use domain::key::Reset;
use domain::money::Money;
use domain::port::Waiting;
use domain::purse::{Period, Purse};
use domain::time::Timestamp;
use domain::usage::Usage;

use crate::memory_books::MemoryBooks;

/// Books, and what happens to them from another side than a node's.
pub trait Stage: Sync {
    /// The books.
    fn books(&self) -> &dyn Books;
    /// Pays into an account.
    fn pay<'a>(&'a self, account: &'a AccountId, amount: Money) -> Waiting<'a, ()>;
    /// Makes sure that there is a key of that limit and reset.
    fn limit<'a>(
        &'a self,
        key: &'a KeyId,
        limit: Option<Money>,
        reset: Option<Reset>,
    ) -> Waiting<'a, ()>;
}

impl Stage for MemoryBooks {
    fn books(&self) -> &dyn Books {
        self
    }

    fn pay<'a>(&'a self, account: &'a AccountId, amount: Money) -> Waiting<'a, ()> {
        self.state().pay(account, amount);
        Box::pin(std::future::ready(()))
    }

    fn limit<'a>(
        &'a self,
        key: &'a KeyId,
        limit: Option<Money>,
        _reset: Option<Reset>,
    ) -> Waiting<'a, ()> {
        self.state().limit(key, limit);
        Box::pin(std::future::ready(()))
    }
}

/// A law's name and its story.
pub type Law = (&'static str, for<'a> fn(&'a dyn Stage) -> Waiting<'a, ()>);

/// Every law.
pub const LAWS: [Law; 13] = [
    ("a grant sets money aside once", |stage| Box::pin(a_grant_sets_aside_once(stage))),
    ("no grant exceeds what is there", |stage| Box::pin(no_grant_exceeds_what_is_there(stage))),
    ("an old epoch gets nothing", |stage| Box::pin(an_old_epoch_gets_nothing(stage))),
    ("a settlement is booked once", |stage| Box::pin(a_settlement_is_booked_once(stage))),
    ("a batch is bounded", |stage| Box::pin(a_batch_is_bounded(stage))),
    ("returns are cumulative", |stage| Box::pin(returns_are_cumulative(stage))),
    ("what no assert names is handed back", |stage| Box::pin(an_assert_hands_back(stage))),
    ("an assert restores a lost lease", |stage| Box::pin(an_assert_restores(stage))),
    ("an old assert changes nothing", |stage| Box::pin(an_old_assert_changes_nothing(stage))),
    ("a lost instance frees its leases", |stage| Box::pin(a_lost_instance_frees(stage))),
    ("only the empty-handed retire", |stage| Box::pin(only_the_empty_handed_retire(stage))),
    ("a limit counts its own period", |stage| Box::pin(a_limit_counts_its_period(stage))),
    ("an empty purse is recalled", |stage| Box::pin(an_empty_purse_is_recalled(stage))),
];

fn nanos(nanos: i64) -> Money {
    Money::from_nanos(nanos)
}

fn account() -> AccountId {
    AccountId::new("law")
}

fn purse() -> Purse {
    Purse::Account(account())
}

fn node(name: &str) -> InstanceId {
    InstanceId::new(name)
}

fn lease(instance: &str, number: u64) -> LeaseId {
    LeaseId { instance: node(instance), number }
}

fn line(instance: &str, number: u64, purse: &Purse, amount: i64) -> GrantLine {
    let (min, want) = (nanos(amount), nanos(amount));
    GrantLine { lease: lease(instance, number), purse: purse.clone(), min, want }
}

fn one(instance: &str, epoch: Epoch, line: GrantLine) -> Grant {
    Grant { instance: node(instance), epoch, lines: vec![line] }
}

fn is(standing: Standing, filled: i64, spent: i64, leased: i64) {
    let expected = Standing { filled: nanos(filled), spent: nanos(spent), leased: nanos(leased) };
    assert_eq!(standing, expected);
}

async fn stands(stage: &dyn Stage, purse: &Purse) -> Standing {
    stage.books().standing(purse).await.expect("the books answer").answer
}

/// Returns the settlement of a generation of that number: its key is `law-key`, its moment
/// `created`.
pub fn settlement(number: u64, created: Timestamp, charge: i64, shares: &[LeaseId]) -> Settlement {
    let generation = Generation {
        id: GenerationId::new(created.seconds(), u128::from(number)),
        created,
        key: KeyId::new("law-key"),
        model: "x/model".to_owned(),
        endpoint: Some("there/model".to_owned()),
        provider: Some("there".to_owned()),
        provider_name: Some("There".to_owned()),
        outcome: Outcome::Finished,
        usage: Usage { input: 1, output: 2, ..Usage::default() },
        cost: nanos(charge),
        cache_discount: Money::ZERO,
        detail: GenerationDetail::default(),
    };
    let share = |lease: &LeaseId| Share { lease: lease.clone(), amount: nanos(charge) };
    Settlement {
        generation,
        account: account(),
        shares: shares.iter().map(share).collect(),
        price: None,
        amounts: Amounts { charge: nanos(charge), ..Amounts::default() },
    }
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-25T12:00:00Z").expect("an instant")
}

async fn settle(stage: &dyn Stage, settlements: Vec<Settlement>) -> Result<(), BooksError> {
    let batch = Batch { instance: node("a"), settlements };
    stage.books().settle(&batch).await.map(|reply| reply.answer)
}

async fn asserted(stage: &dyn Stage, number: u64, leases: Vec<LeaseState>) {
    let now = stage.books().standing(&purse()).await.expect("the books answer").stamp;
    let assert = Assert { instance: node("a"), epoch: 1, number, timeline: now.timeline, leases };
    stage.books().assert(&assert).await.expect("the epoch is right");
}

/// Pays 1,000 and lets `a` lease 100 of it.
async fn opened(stage: &dyn Stage) {
    stage.pay(&account(), nanos(1_000)).await;
    assert_eq!(stage.books().enlist(&node("a")).await.expect("an epoch").answer, 1);
    let granted = stage.books().grant(&one("a", 1, line("a", 1, &purse(), 100))).await;
    assert_eq!(granted.expect("a grant").answer[0].amount, Some(nanos(100)));
}

async fn a_grant_sets_aside_once(stage: &dyn Stage) {
    opened(stage).await;
    let again = stage.books().grant(&one("a", 1, line("a", 1, &purse(), 700))).await;
    let again = again.expect("a grant").answer;
    assert_eq!(again[0].amount, Some(nanos(100)));
    is(again[0].standing, 1_000, 0, 100);
}

async fn no_grant_exceeds_what_is_there(stage: &dyn Stage) {
    opened(stage).await;
    let lines = vec![
        line("a", 2, &purse(), 901),
        GrantLine { want: nanos(5_000), ..line("a", 3, &purse(), 600) },
        line("a", 4, &purse(), 1),
    ];
    let grant = Grant { instance: node("a"), epoch: 1, lines };
    let granted = stage.books().grant(&grant).await.expect("a grant").answer;
    let amounts: Vec<Option<Money>> = granted.iter().map(|granted| granted.amount).collect();
    assert_eq!(amounts, [None, Some(nanos(900)), None]);
    is(stands(stage, &purse()).await, 1_000, 0, 1_000);
    let nobody = Purse::Account(AccountId::new("nobody"));
    let none = stage.books().grant(&one("a", 1, line("a", 5, &nobody, 1))).await;
    assert_eq!(none.expect("an answer").answer[0].amount, None);
}

async fn an_old_epoch_gets_nothing(stage: &dyn Stage) {
    opened(stage).await;
    assert_eq!(stage.books().enlist(&node("a")).await.expect("an epoch").answer, 2);
    for epoch in [1, 3] {
        let late = stage.books().grant(&one("a", epoch, line("a", 2, &purse(), 1))).await;
        assert_eq!(late.map(|reply| reply.answer), Err(BooksError::Fenced));
    }
    let stamp = stage.books().standing(&purse()).await.expect("an answer").stamp;
    let assert = Assert {
        instance: node("a"),
        epoch: 1,
        number: 9,
        timeline: stamp.timeline,
        leases: Vec::new(),
    };
    let late = stage.books().assert(&assert).await;
    assert_eq!(late.map(|reply| reply.answer), Err(BooksError::Fenced));
    let stranger = stage.books().grant(&one("b", 1, line("b", 1, &purse(), 1))).await;
    assert_eq!(stranger.map(|reply| reply.answer), Err(BooksError::Fenced));
    is(stands(stage, &purse()).await, 1_000, 0, 100);
}

async fn a_settlement_is_booked_once(stage: &dyn Stage) {
    opened(stage).await;
    let first = settlement(1, noon(), 30, &[lease("a", 1)]);
    let dearer = settlement(1, noon(), 40, &[lease("a", 1)]);
    let second = settlement(2, noon(), 5, &[]);
    for batch in [vec![first.clone()], vec![first.clone(), second.clone()], vec![dearer, second]] {
        settle(stage, batch).await.expect("settled");
    }
    is(stands(stage, &purse()).await, 1_000, 35, 70);
    let total = Purse::Key(KeyId::new("law-key"), Period::default());
    assert_eq!(stands(stage, &total).await.spent, nanos(35));
}

async fn a_batch_is_bounded(stage: &dyn Stage) {
    stage.pay(&account(), nanos(1_000)).await;
    let most: Vec<Settlement> =
        (0..=BATCH_MAX as u64).map(|number| settlement(number, noon(), 1, &[])).collect();
    let refused = settle(stage, most.clone()).await;
    assert!(matches!(refused, Err(BooksError::Refused(_))), "{refused:?}");
    assert_eq!(stands(stage, &purse()).await.spent, Money::ZERO);
    settle(stage, most[1..].to_vec()).await.expect("settled");
    assert_eq!(stands(stage, &purse()).await.spent, nanos(BATCH_MAX as i64));
}

async fn returns_are_cumulative(stage: &dyn Stage) {
    opened(stage).await;
    settle(stage, vec![settlement(1, noon(), 30, &[lease("a", 1)])]).await.expect("settled");
    for returned in [20, 50, 20, 50] {
        let line = Returned { lease: lease("a", 1), returned: nanos(returned) };
        let unknown = Returned { lease: lease("a", 77), returned: nanos(5) };
        let returns = Returns { instance: node("a"), leases: vec![unknown, line] };
        stage.books().give_back(&returns).await.expect("given back");
    }
    is(stands(stage, &purse()).await, 1_000, 30, 20);
}

fn state(number: u64, granted: i64, returned: i64) -> LeaseState {
    LeaseState {
        lease: lease("a", number),
        purse: purse(),
        granted: nanos(granted),
        returned: nanos(returned),
    }
}

async fn an_assert_hands_back(stage: &dyn Stage) {
    opened(stage).await;
    let granted = stage.books().grant(&one("a", 1, line("a", 2, &purse(), 50))).await;
    granted.expect("a grant");
    settle(stage, vec![settlement(1, noon(), 30, &[lease("a", 2)])]).await.expect("settled");
    asserted(stage, 1, vec![state(1, 100, 10)]).await;
    is(stands(stage, &purse()).await, 1_000, 30, 90);
    let again = stage.books().grant(&one("a", 1, line("a", 2, &purse(), 50))).await;
    assert_eq!(again.expect("an answer").answer[0].amount, Some(nanos(50)));
    is(stands(stage, &purse()).await, 1_000, 30, 90);
}

async fn an_assert_restores(stage: &dyn Stage) {
    opened(stage).await;
    settle(stage, vec![settlement(1, noon(), 30, &[lease("a", 8)])]).await.expect("settled");
    is(stands(stage, &purse()).await, 1_000, 30, 100);
    asserted(stage, 1, vec![state(1, 100, 0), state(8, 40, 2)]).await;
    is(stands(stage, &purse()).await, 1_000, 30, 108);
    settle(stage, vec![settlement(2, noon(), 3, &[lease("a", 8)])]).await.expect("settled");
    is(stands(stage, &purse()).await, 1_000, 33, 105);
}

async fn an_old_assert_changes_nothing(stage: &dyn Stage) {
    opened(stage).await;
    asserted(stage, 2, vec![state(1, 100, 0)]).await;
    asserted(stage, 1, Vec::new()).await;
    asserted(stage, 2, Vec::new()).await;
    is(stands(stage, &purse()).await, 1_000, 0, 100);
    let elsewhere =
        Assert { instance: node("a"), epoch: 1, number: 3, timeline: 999_999, leases: Vec::new() };
    stage.books().assert(&elsewhere).await.expect("it is answered");
    is(stands(stage, &purse()).await, 1_000, 0, 100);
    asserted(stage, 3, Vec::new()).await;
    is(stands(stage, &purse()).await, 1_000, 0, 0);
}

async fn a_lost_instance_frees(stage: &dyn Stage) {
    opened(stage).await;
    settle(stage, vec![settlement(1, noon(), 30, &[lease("a", 1)])]).await.expect("settled");
    for freed in [70, 0] {
        let told = stage.books().declare_lost(&node("a")).await.expect("freed");
        assert_eq!(told.answer, nanos(freed));
    }
    is(stands(stage, &purse()).await, 1_000, 30, 0);
    settle(stage, vec![settlement(2, noon(), 25, &[lease("a", 1)])]).await.expect("settled");
    is(stands(stage, &purse()).await, 1_000, 55, 0);
    let late = stage.books().grant(&one("a", 1, line("a", 2, &purse(), 1))).await;
    assert_eq!(late.map(|reply| reply.answer), Err(BooksError::Fenced));
}

async fn only_the_empty_handed_retire(stage: &dyn Stage) {
    opened(stage).await;
    let refused = stage.books().retire(&node("a")).await;
    assert!(matches!(refused, Err(BooksError::Refused(_))), "{refused:?}");
    let line = Returned { lease: lease("a", 1), returned: nanos(100) };
    let returns = Returns { instance: node("a"), leases: vec![line] };
    stage.books().give_back(&returns).await.expect("given back");
    for _ in 0..2 {
        stage.books().retire(&node("a")).await.expect("retired");
    }
    let late = stage.books().grant(&one("a", 1, self::line("a", 2, &purse(), 1))).await;
    assert_eq!(late.map(|reply| reply.answer), Err(BooksError::Fenced));
    let back = stage.books().enlist(&node("a")).await;
    assert_eq!(back.map(|reply| reply.answer), Err(BooksError::Gone));
}

async fn a_limit_counts_its_period(stage: &dyn Stage) {
    opened(stage).await;
    let key = KeyId::new("law-key");
    stage.limit(&key, Some(nanos(50)), Some(Reset::Daily)).await;
    let today = Purse::Key(key.clone(), Period::at(Some(Reset::Daily), noon()));
    let tomorrow = Purse::Key(key, Period::at(Some(Reset::Daily), noon().plus_ms(86_400_000)));
    let unleased = settlement(1, noon(), 20, &[]);
    settle(stage, vec![unleased]).await.expect("settled");
    is(stands(stage, &today).await, 50, 20, 0);
    let grant = |number, purse: &Purse, amount| one("a", 1, line("a", number, purse, amount));
    let granted = stage.books().grant(&grant(2, &today, 31)).await.expect("an answer");
    assert_eq!(granted.answer[0].amount, None);
    let granted = stage.books().grant(&grant(3, &today, 30)).await.expect("an answer");
    assert_eq!(granted.answer[0].amount, Some(nanos(30)));
    let shares = [lease("a", 1), lease("a", 3)];
    settle(stage, vec![settlement(2, noon(), 12, &shares)]).await.expect("settled");
    is(stands(stage, &today).await, 50, 32, 18);
    is(stands(stage, &tomorrow).await, 50, 0, 0);
    is(stands(stage, &purse()).await, 1_000, 32, 88);
}

async fn an_empty_purse_is_recalled(stage: &dyn Stage) {
    opened(stage).await;
    stage.books().enlist(&node("b")).await.expect("an epoch");
    let short = stage.books().grant(&one("b", 1, line("b", 1, &purse(), 901))).await;
    let short = short.expect("an answer");
    assert_eq!((short.answer[0].amount, short.recalls), (None, Vec::new()));
    let beat = Batch { instance: node("a"), settlements: Vec::new() };
    assert_eq!(stage.books().settle(&beat).await.expect("a beat").recalls, [purse()]);
    let line = Returned { lease: lease("a", 1), returned: nanos(100) };
    let returns = Returns { instance: node("a"), leases: vec![line] };
    stage.books().give_back(&returns).await.expect("given back");
    assert_eq!(stage.books().settle(&beat).await.expect("a beat").recalls, []);
    let whole = stage.books().grant(&one("b", 1, self::line("b", 2, &purse(), 901))).await;
    assert_eq!(whole.expect("an answer").answer[0].amount, Some(nanos(901)));
}

/// Asks both stages the same `steps` random things, drawn from `seed`, and holds their answers
/// against each other.
pub async fn agree(one: &dyn Stage, other: &dyn Stage, seed: u64, steps: u32) {
    let mut dice = Dice(seed);
    let key = KeyId::new("law-key");
    let mut number = 0;
    for stage in [one, other] {
        stage.pay(&account(), nanos(1_000)).await;
        stage.limit(&key, Some(nanos(300)), Some(Reset::Weekly)).await;
        for instance in ["a", "b"] {
            stage.books().enlist(&node(instance)).await.expect("an epoch");
        }
    }
    let limit = Purse::Key(key, Period::at(Some(Reset::Weekly), noon()));
    for step in 0..steps {
        number += 1;
        let move_ = Move::draw(&mut dice, number, &limit);
        let (left, right) = (move_.make(one).await, move_.make(other).await);
        assert_eq!(left, right, "seed {seed}, step {step}: {move_:?}");
        for purse in [&purse(), &limit] {
            let (left, right) = (stands(one, purse).await, stands(other, purse).await);
            assert_eq!(left, right, "seed {seed}, step {step}: {purse} after {move_:?}");
        }
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }
}

#[derive(Debug)]
enum Move {
    Grant(Grant),
    Settle(Vec<Settlement>),
    GiveBack(Returns),
    Assert(String, Epoch, u64, Vec<LeaseState>),
    Pay(i64),
    Lose(String),
}

impl Move {
    fn draw(dice: &mut Dice, number: u64, limit: &Purse) -> Move {
        let name = if dice.roll(2) == 0 { "a" } else { "b" };
        let any = |dice: &mut Dice| lease(name, 1 + dice.roll(number.min(12)));
        let purse = if dice.roll(2) == 0 { purse() } else { limit.clone() };
        match dice.roll(20) {
            0..=6 => {
                let min = nanos(1 + dice.roll(60) as i64);
                let want = min.saturating_add(nanos(dice.roll(100) as i64));
                let line = GrantLine { lease: any(dice), purse, min, want };
                Move::Grant(Grant { instance: node(name), epoch: 1, lines: vec![line] })
            }
            7..=12 => {
                let draw = |dice: &mut Dice| {
                    let charge = dice.roll(20) as i64;
                    let shares = [any(dice), any(dice)];
                    let shares = &shares[..1 + usize::from(shares[0] != shares[1])];
                    settlement(1 + dice.roll(number), noon(), charge, shares)
                };
                Move::Settle((0..1 + dice.roll(4)).map(|_| draw(dice)).collect())
            }
            13..=15 => {
                let returned = nanos(dice.roll(40) as i64);
                let leases = vec![Returned { lease: any(dice), returned }];
                Move::GiveBack(Returns { instance: node(name), leases })
            }
            16..=17 => {
                let told = |lease: u64, granted: i64, returned| LeaseState {
                    lease: LeaseId { instance: node(name), number: lease },
                    purse: if lease.is_multiple_of(2) { self::purse() } else { limit.clone() },
                    granted: nanos(granted),
                    returned: nanos(returned),
                };
                let leases = (1..1 + dice.roll(12))
                    .map(|lease| told(lease, 10 + dice.roll(50) as i64, dice.roll(10) as i64));
                Move::Assert(name.to_owned(), 1, number, leases.collect())
            }
            18 => Move::Pay(1 + dice.roll(100) as i64),
            _ if number.is_multiple_of(37) => Move::Lose(name.to_owned()),
            _ => Move::Settle(Vec::new()),
        }
    }

    async fn make(&self, stage: &dyn Stage) -> String {
        let books = stage.books();
        match self {
            Move::Grant(grant) => {
                told(books.grant(grant).await.map(|reply| (reply.answer, reply.recalls)))
            }
            Move::Settle(settlements) => told(settle(stage, settlements.clone()).await),
            Move::GiveBack(returns) => told(books.give_back(returns).await.map(|it| it.recalls)),
            Move::Assert(name, epoch, number, leases) => {
                let stamp = books.standing(&purse()).await.expect("an answer").stamp;
                let assert = Assert {
                    instance: node(name),
                    epoch: *epoch,
                    number: *number,
                    timeline: stamp.timeline,
                    leases: leases.clone(),
                };
                told(books.assert(&assert).await.map(|reply| reply.answer))
            }
            Move::Pay(amount) => {
                stage.pay(&account(), nanos(*amount)).await;
                String::new()
            }
            Move::Lose(name) => {
                told(books.declare_lost(&node(name)).await.map(|reply| reply.answer))
            }
        }
    }
}

fn told<T: std::fmt::Debug>(answer: Result<T, BooksError>) -> String {
    format!("{answer:?}")
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Books in memory never wait.
    fn at_once<T>(future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn the_books_in_memory_keep_every_law() {
        for (_, law) in LAWS {
            at_once(law(&MemoryBooks::new()));
        }
    }

    #[test]
    fn the_books_in_memory_agree_with_themselves() {
        for seed in 0..50 {
            at_once(agree(&MemoryBooks::new(), &MemoryBooks::new(), seed, 100));
        }
    }
}
