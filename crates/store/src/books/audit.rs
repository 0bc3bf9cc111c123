//! Recomputing the books from their rows.
//!
//! The rules that SQL can say stand in the view `v_audit`; the chain of hashes, and what each
//! settlement drew of which lease, are read through batch by batch.

use std::collections::BTreeMap;

use sqlx::Row;

use super::chain::digest;
use super::entries::line as entry_line;
use super::settle::line as settlement_line;
use crate::db::{Db, StoreError};

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Each rule, and how many rows break it.
    pub rules: Vec<(String, u64)>,
    /// How many batches were read.
    pub batches: u64,
    /// How many entries.
    pub entries: u64,
    /// How many settlements.
    pub settlements: u64,
}

impl Audit {
    /// Returns whether no rule is broken.
    pub fn is_ok(&self) -> bool {
        self.rules.iter().all(|(_, broken)| *broken == 0)
    }
}

/// How many batches are read at a time.
const PAGE: i64 = 256;

/// Recomputes every rule of the books. Whatever is booked meanwhile is left for the next audit.
///
/// # Errors
/// When the database fails.
pub async fn audit(db: &Db) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    for row in sqlx::query("SELECT rule, broken FROM v_audit").fetch_all(&db.pool).await? {
        let broken: i64 = row.try_get(1)?;
        audit.rules.push((row.try_get(0)?, broken.unsigned_abs()));
    }
    let mut walk = Walk::default();
    let head = sqlx::query("SELECT seq, hash FROM ledger_head").fetch_one(&db.pool).await?;
    let (last, hash): (i64, String) = (head.try_get(0)?, head.try_get(1)?);
    let mut from = 1;
    while from <= last {
        let to = (from + PAGE - 1).min(last);
        walk.page(db, from, to).await?;
        from = to + 1;
    }
    let end = if walk.hash == hash && walk.seq == last { 0 } else { 1 };
    audit.rules.push(("the chain of batches is whole".to_owned(), walk.broken_links + end));
    audit.rules.push(("what settlements drew is what leases lost".to_owned(), walk.broken_draws));
    audit.batches = last.unsigned_abs();
    audit.entries = walk.entries;
    audit.settlements = walk.settlements;
    Ok(audit)
}

/// How far the chain has been followed.
#[derive(Default)]
struct Walk {
    seq: i64,
    hash: String,
    broken_links: u64,
    broken_draws: u64,
    entries: u64,
    settlements: u64,
}

/// What the rows of one batch say.
#[derive(Default)]
struct Lines {
    settlements: Vec<String>,
    /// In the order of bytes, in which they were written; a database sorts texts in its own.
    entries: BTreeMap<String, i64>,
    draws: BTreeMap<String, i64>,
}

impl Walk {
    async fn page(&mut self, db: &Db, from: i64, to: i64) -> Result<(), StoreError> {
        const BATCHES: &str = "
            SELECT seq, kind, note, at_ms, hash
              FROM ledger_batches
             WHERE seq BETWEEN $1 AND $2
             ORDER BY seq";
        let mut lines = self.lines(db, from, to).await?;
        for row in sqlx::query(BATCHES).bind(from).bind(to).fetch_all(&db.pool).await? {
            let (seq, at_ms): (i64, i64) = (row.try_get(0)?, row.try_get(3)?);
            let (kind, note, hash): (&str, &str, String) =
                (row.try_get(1)?, row.try_get(2)?, row.try_get(4)?);
            let mut own = lines.remove(&seq).unwrap_or_default();
            own.settlements.sort_unstable();
            let entries = own.entries.iter().map(|(account, nanos)| entry_line(account, *nanos));
            own.settlements.extend(entries);
            let expected = digest(&self.hash, (seq, kind, note, at_ms), &own.settlements);
            self.broken_links += u64::from(seq != self.seq + 1 || hash != expected);
            self.broken_draws += own.draws.values().filter(|left| **left != 0).count() as u64;
            (self.seq, self.hash) = (seq, hash);
        }
        // What belongs to no batch is told by the view.
        Ok(())
    }

    async fn lines(
        &mut self,
        db: &Db,
        from: i64,
        to: i64,
    ) -> Result<BTreeMap<i64, Lines>, StoreError> {
        const SETTLEMENTS: &str = "
            SELECT batch, generation_id, account, COALESCE(provider, ''), charge_nanos,
                   overrun_nanos, insurance_nanos, failed_attempts_nanos, shares_json
              FROM settlements
             WHERE batch BETWEEN $1 AND $2";
        const ENTRIES: &str = "
            SELECT batch, account, amount_nanos
              FROM ledger_entries
             WHERE batch BETWEEN $1 AND $2";
        const DRAWS: &str = "
            SELECT batch, instance, number, amount_nanos
              FROM lease_draws
             WHERE batch BETWEEN $1 AND $2";
        let mut lines: BTreeMap<i64, Lines> = BTreeMap::new();
        for row in sqlx::query(SETTLEMENTS).bind(from).bind(to).fetch_all(&db.pool).await? {
            self.settlements += 1;
            let own = lines.entry(row.try_get(0)?).or_default();
            let nanos = [row.try_get(4)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?];
            own.settlements.push(settlement_line(
                row.try_get(1)?,
                [row.try_get(2)?, row.try_get(3)?],
                nanos,
            ));
            let shares: BTreeMap<String, i64> =
                serde_json::from_str(row.try_get(8)?).map_err(|_| StoreError::Corrupt("share"))?;
            for (lease, nanos) in shares {
                *own.draws.entry(lease).or_default() += nanos;
            }
        }
        for row in sqlx::query(ENTRIES).bind(from).bind(to).fetch_all(&db.pool).await? {
            self.entries += 1;
            let own = lines.entry(row.try_get(0)?).or_default();
            own.entries.insert(row.try_get(1)?, row.try_get(2)?);
        }
        for row in sqlx::query(DRAWS).bind(from).bind(to).fetch_all(&db.pool).await? {
            let own = lines.entry(row.try_get(0)?).or_default();
            let lease =
                format!("{}:{}", row.try_get::<&str, usize>(1)?, row.try_get::<i64, usize>(2)?);
            *own.draws.entry(lease).or_default() -= row.try_get::<i64, usize>(3)?;
        }
        Ok(lines)
    }
}
