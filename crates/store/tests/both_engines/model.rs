//! Whatever is asked of it, in whatever order, the database answers as plain maps in memory do.

use std::collections::BTreeMap;

use domain::generation::Generation;
use domain::id::{GenerationId, KeyId};
use domain::key::{ApiKey, Reset, Spend};
use domain::money::Money;
use domain::time::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::keys::{self, KeyChange, KeyPage, KeyRange};
use store::{Db, StoreError, generations};

use crate::home::{Home, on_each_engine};
use crate::samples::{at, generation, key};

const CASES: u32 = 40;

/// Moments on both sides of a day's, a week's, a month's and a year's end.
const MOMENTS: [&str; 9] = [
    "2026-11-29T23:59:59.999Z",
    "2026-11-30T00:00:00Z",
    "2026-11-30T12:00:00Z",
    "2026-11-30T23:59:59.999Z",
    "2026-12-01T00:00:00Z",
    "2026-12-31T23:59:59.999Z",
    "2027-01-01T00:00:00Z",
    "2027-01-03T23:00:00Z",
    "2027-01-04T00:00:00Z",
];

#[derive(Clone, Debug)]
enum Ask {
    Insert(ApiKey),
    Update(KeyId, KeyChange, Timestamp),
    Delete(KeyId),
    Find(KeyId),
    List(KeyRange),
    Append(Vec<Generation>),
    FindGeneration(GenerationId),
    Spend(KeyId),
}

#[derive(Debug, PartialEq)]
enum Answer {
    Done(bool),
    Key(Option<ApiKey>),
    Page(KeyPage),
    Count(usize),
    Generation(Option<Box<Generation>>),
    Spend(Spend),
}

#[derive(Default)]
struct Model {
    keys: BTreeMap<KeyId, ApiKey>,
    generations: BTreeMap<GenerationId, Generation>,
}

impl Model {
    fn answer(&mut self, ask: &Ask) -> Answer {
        match ask {
            Ask::Insert(key) if self.keys.contains_key(&key.id) => Answer::Done(false),
            Ask::Insert(key) => {
                self.keys.insert(key.id.clone(), key.clone());
                Answer::Done(true)
            }
            Ask::Update(id, change, now) => Answer::Key(self.update(id, change, *now)),
            Ask::Delete(id) => Answer::Done(self.keys.remove(id).is_some()),
            Ask::Find(id) => Answer::Key(self.keys.get(id).cloned()),
            Ask::List(range) => Answer::Page(self.list(*range)),
            Ask::Append(batch) => Answer::Count(self.append(batch)),
            Ask::FindGeneration(id) => {
                Answer::Generation(self.generations.get(id).cloned().map(Box::new))
            }
            Ask::Spend(id) => Answer::Spend(self.spend(id)),
        }
    }

    fn update(&mut self, id: &KeyId, change: &KeyChange, now: Timestamp) -> Option<ApiKey> {
        let key = self.keys.get_mut(id)?;
        let change = change.clone();
        key.name = change.name.unwrap_or(key.name.clone());
        key.disabled = change.disabled.unwrap_or(key.disabled);
        key.limit = change.limit.unwrap_or(key.limit);
        key.limit_reset = change.limit_reset.unwrap_or(key.limit_reset);
        key.expires = change.expires.unwrap_or(key.expires);
        key.updated = Some(now);
        Some(key.clone())
    }

    fn list(&self, range: KeyRange) -> KeyPage {
        let mut keys: Vec<&ApiKey> =
            self.keys.values().filter(|key| range.include_disabled || !key.disabled).collect();
        keys.sort_by_key(|key| (key.created, key.id.clone()));
        let total = keys.len() as u64;
        let (offset, limit) = (range.offset as usize, range.limit as usize);
        let page = keys.into_iter().rev().skip(offset).take(limit);
        KeyPage { keys: page.map(|key| (key.clone(), self.spend(&key.id))).collect(), total }
    }

    fn append(&mut self, batch: &[Generation]) -> usize {
        let before = self.generations.len();
        for one in batch {
            self.generations.entry(one.id.clone()).or_insert_with(|| one.clone());
        }
        self.generations.len() - before
    }

    /// A key's spend has no memory of its own: it is what its generations say, in any order.
    fn spend(&self, key: &KeyId) -> Spend {
        let own = || self.generations.values().filter(|one| one.key == *key);
        let Some(as_of) = own().map(|one| one.created).max() else { return Spend::default() };
        let since = |start: Timestamp| -> Money {
            own().filter(|one| start <= one.created).map(|one| one.cost).sum()
        };
        Spend {
            as_of,
            total: own().map(|one| one.cost).sum(),
            day: since(as_of.day_start()),
            week: since(as_of.week_start()),
            month: since(as_of.month_start()),
        }
    }
}

async fn answer(db: &Db, ask: &Ask) -> Result<Answer, StoreError> {
    Ok(match ask {
        Ask::Insert(key) => match keys::insert(db, key).await {
            Err(StoreError::Exists) => Answer::Done(false),
            outcome => outcome.map(|()| Answer::Done(true))?,
        },
        Ask::Update(id, change, now) => Answer::Key(keys::update(db, id, change, *now).await?),
        Ask::Delete(id) => Answer::Done(keys::delete(db, id).await?),
        Ask::Find(id) => Answer::Key(keys::find(db, id).await?),
        Ask::List(range) => Answer::Page(keys::list(db, *range).await?),
        Ask::Append(batch) => Answer::Count(generations::append(db, batch).await?),
        Ask::FindGeneration(id) => {
            Answer::Generation(generations::find(db, id).await?.map(Box::new))
        }
        Ask::Spend(id) => Answer::Spend(keys::spend(db, id).await?),
    })
}

fn any_id() -> impl Strategy<Value = KeyId> {
    (0..4_u8).prop_map(|number| KeyId::new(&format!("k{number}")))
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    proptest::sample::select(MOMENTS.to_vec()).prop_map(at)
}

fn any_reset() -> impl Strategy<Value = Option<Reset>> {
    let resets = [None, Some(Reset::Daily), Some(Reset::Weekly), Some(Reset::Monthly)];
    proptest::sample::select(resets.to_vec())
}

fn any_limit() -> impl Strategy<Value = Option<Money>> {
    proptest::option::of((0..i64::MAX).prop_map(Money::from_nanos))
}

fn any_key() -> impl Strategy<Value = ApiKey> {
    (any_id(), any_moment(), any::<bool>(), any_limit(), any_reset()).prop_map(
        |(id, created, disabled, limit, limit_reset)| ApiKey {
            created,
            disabled,
            limit,
            limit_reset,
            ..key(id.as_str())
        },
    )
}

fn any_change() -> impl Strategy<Value = KeyChange> {
    use proptest::option::of;
    let fields = (
        of("[a-z'é]{0,9}"),
        of(any::<bool>()),
        of(any_limit()),
        of(any_reset()),
        of(of(any_moment())),
    );
    fields.prop_map(|(name, disabled, limit, limit_reset, expires)| KeyChange {
        name,
        disabled,
        limit,
        limit_reset,
        expires,
        rates: None,
    })
}

fn any_batch() -> impl Strategy<Value = Vec<Generation>> {
    let one = || {
        (0..90_u128, any_id(), proptest::sample::select(MOMENTS.to_vec()), 0..1_000_000_i64)
            .prop_map(|(number, key, created, cost)| {
                generation(number, key.as_str(), created, cost)
            })
    };
    // Some batches are as wide as a statement, some need several.
    prop_oneof![
        3 => proptest::collection::vec(one(), 0..6),
        1 => proptest::collection::vec(one(), 60..90),
    ]
}

fn any_ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        3 => any_key().prop_map(Ask::Insert),
        2 => (any_id(), any_change(), any_moment()).prop_map(|(a, b, c)| Ask::Update(a, b, c)),
        1 => any_id().prop_map(Ask::Delete),
        1 => any_id().prop_map(Ask::Find),
        2 => (0..3_u32, 0..5_u32, any::<bool>()).prop_map(|(offset, limit, include_disabled)| {
            Ask::List(KeyRange { offset, limit, include_disabled })
        }),
        5 => any_batch().prop_map(Ask::Append),
        2 => (0..90_u128).prop_map(|n| Ask::FindGeneration(GenerationId::new(1_787_000_000, n))),
        2 => any_id().prop_map(Ask::Spend),
    ]
}

fn check(home: &Home, db: &Db, asks: &[Ask]) -> Result<(), TestCaseError> {
    home.wait(async {
        home.tamper("DELETE FROM api_keys; DELETE FROM key_spend; DELETE FROM generations").await;
        let mut model = Model::default();
        for ask in asks {
            prop_assert_eq!(answer(db, ask).await.unwrap(), model.answer(ask), "asked {:?}", ask);
        }
        Ok(())
    })
}

#[test]
fn sql_and_memory_answer_alike() {
    on_each_engine(|home| {
        let db = home.wait(home.open());
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config)
            .run(&proptest::collection::vec(any_ask(), 1..30), |asks| check(home, &db, &asks));
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
    });
}
