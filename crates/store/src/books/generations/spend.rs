//! What keys have spent: counters that follow the generations, in whatever order those arrive.

use std::collections::BTreeMap;

use domain::generation::Generation;
use domain::id::KeyId;
use domain::time::Timestamp;
use sqlx::AnyConnection;

use crate::db::{Engine, Insert, Step, StoreError, Texts};

/// The most that one generation adds to a counter: 1.1 billion dollars.
const COST_MAX: i64 = i64::MAX / 8;

/// What new generations add to the counters, by key. Keys are in order, so that two writers that
/// lock several of them never wait for each other in a circle.
#[derive(Default)]
pub(crate) struct Tallies {
    keys: BTreeMap<KeyId, Tally>,
}

/// What new generations add to the counters of one key.
#[derive(Default)]
struct Tally {
    as_of: Timestamp,
    total_nanos: i64,
    day: Window,
    week: Window,
    month: Window,
}

/// A sum that belongs to the window which begins at `start`.
#[derive(Clone, Copy, Default)]
struct Window {
    start: Timestamp,
    nanos: i64,
}

impl Tallies {
    /// Counts a generation.
    pub(crate) fn add(&mut self, generation: &Generation) {
        let cost = generation.cost.nanos().clamp(0, COST_MAX);
        if !self.keys.contains_key(&generation.key) {
            self.keys.insert(generation.key.clone(), Tally::new(generation.created));
        }
        if let Some(tally) = self.keys.get_mut(&generation.key) {
            tally.add(generation.created, cost);
        }
    }
}

impl Tally {
    fn new(first: Timestamp) -> Tally {
        let window = |start| Window { start, nanos: 0 };
        Tally {
            as_of: first,
            total_nanos: 0,
            day: window(first.day_start()),
            week: window(first.week_start()),
            month: window(first.month_start()),
        }
    }

    fn add(&mut self, created: Timestamp, nanos: i64) {
        self.as_of = self.as_of.max(created);
        self.total_nanos = self.total_nanos.saturating_add(nanos).min(COST_MAX);
        let day = created.day_start();
        if day == self.day.start {
            // The calendar is asked once a day, not once a generation.
            for window in [&mut self.day, &mut self.week, &mut self.month] {
                window.add(window.start, nanos);
            }
            return;
        }
        self.day.add(day, nanos);
        self.week.add(created.week_start(), nanos);
        self.month.add(created.month_start(), nanos);
    }
}

impl Window {
    /// Counts what was spent in the window that begins at `start`; an earlier one has ended.
    fn add(&mut self, start: Timestamp, nanos: i64) {
        if self.start < start {
            *self = Window { start, nanos: 0 };
        }
        if self.start == start {
            self.nanos = self.nanos.saturating_add(nanos).min(COST_MAX);
        }
    }
}

/// Adds `tallies` to the counters, in the transaction that keeps the generations they count.
///
/// Each window is told apart by its first moment, so the counters end the same in whatever order
/// generations arrive. A key that has spent half of what a counter holds is counted no further.
///
/// # Errors
/// When the database fails.
pub(crate) async fn book(
    tx: &mut AnyConnection,
    engine: Engine,
    tallies: Tallies,
) -> Result<(), StoreError> {
    static BOOK: Insert = Insert {
        head: "
        INSERT INTO key_spend (key_id, as_of_ms, total_nanos, day_ms, day_nanos, week_ms,
                               week_nanos, month_ms, month_nanos)",
        columns: 9,
        tail: "
        ON CONFLICT (key_id) DO UPDATE SET
            as_of_ms = CASE WHEN key_spend.as_of_ms < excluded.as_of_ms
                THEN excluded.as_of_ms ELSE key_spend.as_of_ms END,
            total_nanos = key_spend.total_nanos + excluded.total_nanos,
            day_ms = CASE WHEN key_spend.day_ms < excluded.day_ms
                THEN excluded.day_ms ELSE key_spend.day_ms END,
            day_nanos = CASE WHEN key_spend.day_ms < excluded.day_ms THEN excluded.day_nanos
                WHEN key_spend.day_ms = excluded.day_ms
                THEN key_spend.day_nanos + excluded.day_nanos ELSE key_spend.day_nanos END,
            week_ms = CASE WHEN key_spend.week_ms < excluded.week_ms
                THEN excluded.week_ms ELSE key_spend.week_ms END,
            week_nanos = CASE WHEN key_spend.week_ms < excluded.week_ms THEN excluded.week_nanos
                WHEN key_spend.week_ms = excluded.week_ms
                THEN key_spend.week_nanos + excluded.week_nanos ELSE key_spend.week_nanos END,
            month_ms = CASE WHEN key_spend.month_ms < excluded.month_ms
                THEN excluded.month_ms ELSE key_spend.month_ms END,
            month_nanos = CASE WHEN key_spend.month_ms < excluded.month_ms THEN excluded.month_nanos
                WHEN key_spend.month_ms = excluded.month_ms
                THEN key_spend.month_nanos + excluded.month_nanos ELSE key_spend.month_nanos END
        WHERE key_spend.total_nanos <= 4611686018427387903",
        texts: Texts::new(),
    };

    let tallies: Vec<(KeyId, Tally)> = tallies.keys.into_iter().collect();
    let mut next = BOOK.step(engine, &tallies);
    while let Some(Step { text, rows, rest }) = next {
        next = BOOK.step(engine, rest);
        let mut query = sqlx::query(text);
        for (key, tally) in rows {
            query = query.bind(key.as_str()).bind(tally.as_of.ms()).bind(tally.total_nanos);
            for window in [tally.day, tally.week, tally.month] {
                query = query.bind(window.start.ms()).bind(window.nanos);
            }
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}
