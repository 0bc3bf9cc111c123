//! The chain of batches: numbered without gaps, each with the hash of the one before.

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Row};

use crate::db::StoreError;

/// Where the chain ends. Whoever has it holds the head until its transaction ends.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) seq: i64,
    hash: String,
}

impl Chain {
    /// Takes the head, waiting for whoever has it.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn take(tx: &mut AnyConnection) -> Result<Chain, StoreError> {
        const TAKE: &str = "UPDATE ledger_head SET seq = seq WHERE one = 1 RETURNING seq, hash";
        let row = sqlx::query(TAKE).fetch_one(tx).await?;
        Ok(Chain { seq: row.try_get(0)?, hash: row.try_get(1)? })
    }

    /// Returns the number of the next batch.
    pub(crate) fn next(&self) -> i64 {
        self.seq + 1
    }

    /// Adds a batch of which `lines` are the text.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn add(
        self,
        tx: &mut AnyConnection,
        kind: &str,
        note: &str,
        at_ms: i64,
        lines: &[String],
    ) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO ledger_batches (seq, kind, note, at_ms, hash) VALUES ($1, $2, $3, $4, $5)";
        const END: &str = "UPDATE ledger_head SET seq = $1, hash = $2 WHERE one = 1";
        let seq = self.next();
        let hash = digest(&self.hash, (seq, kind, note, at_ms), lines);
        sqlx::query(ADD)
            .bind(seq)
            .bind(kind)
            .bind(note)
            .bind(at_ms)
            .bind(hash.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query(END).bind(seq).bind(hash.as_str()).execute(&mut *tx).await?;
        Ok(())
    }
}

/// Returns the hash of a batch: of the one before, of its own row, and of its lines in order.
pub(crate) fn digest(
    before: &str,
    (seq, kind, note, at_ms): (i64, &str, &str, i64),
    lines: &[String],
) -> String {
    let mut sha = Sha256::new();
    let mut add = |text: &str| {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text.as_bytes());
    };
    add(before);
    add(&seq.to_string());
    add(kind);
    add(note);
    add(&at_ms.to_string());
    lines.iter().for_each(|line| add(line));
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
