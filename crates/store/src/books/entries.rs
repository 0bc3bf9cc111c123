//! Double entries: what one batch moves between accounts, which is nothing in sum.
//!
//! What the house has or has spent is positive, what it owes is negative: credits of callers and
//! what providers are to be paid stand below zero.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use super::chain::Chain;
use crate::db::{Engine, Insert, Step, StoreError, Texts};

/// What a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Generations that are over.
    Settle,
    /// Credits that the operator gave or took.
    Grant,
    /// Credits that were bought.
    Payment,
    /// Credits whose price was given back.
    Refund,
    /// Credits whose price a bank took back, or gave back after all.
    Dispute,
}

impl Kind {
    /// Returns the word in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::Settle => "settle",
            Kind::Grant => "grant",
            Kind::Payment => "payment",
            Kind::Refund => "refund",
            Kind::Dispute => "dispute",
        }
    }
}

/// The entries of one batch, by account.
#[derive(Debug, Default)]
pub(crate) struct Entries(BTreeMap<String, i64>);

impl Entries {
    /// Moves `nanos` from one account to another.
    pub(crate) fn move_nanos(&mut self, from: &str, to: &str, nanos: i64) {
        if nanos != 0 {
            *self.0.entry(to.to_owned()).or_default() += nanos;
            *self.0.entry(from.to_owned()).or_default() -= nanos;
        }
    }

    /// Writes the entries, their accounts' balances, and the batch that they are.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn write(
        self,
        tx: &mut AnyConnection,
        engine: Engine,
        chain: Chain,
        batch: Header<'_>,
    ) -> Result<(), StoreError> {
        static ENTRIES: Insert = Insert {
            head: "INSERT INTO ledger_entries (batch, account, amount_nanos)",
            columns: 3,
            tail: "",
            texts: Texts::new(),
        };
        static BALANCES: Insert = Insert {
            head: "INSERT INTO ledger_balances (account, balance_nanos)",
            columns: 2,
            tail: "
                ON CONFLICT (account) DO UPDATE SET
                    balance_nanos = ledger_balances.balance_nanos + excluded.balance_nanos",
            texts: Texts::new(),
        };
        let Header { kind, note, at_ms, mut lines } = batch;
        let seq = chain.next();
        let rows: Vec<(String, i64)> =
            self.0.into_iter().filter(|(_, nanos)| *nanos != 0).collect();
        let mut next = ENTRIES.step(engine, &rows);
        while let Some(Step { text, rows, rest }) = next {
            next = ENTRIES.step(engine, rest);
            let mut query = sqlx::query(text);
            for (account, nanos) in rows {
                query = query.bind(seq).bind(account.as_str()).bind(*nanos);
            }
            query.execute(&mut *tx).await?;
        }
        let mut next = BALANCES.step(engine, &rows);
        while let Some(Step { text, rows, rest }) = next {
            next = BALANCES.step(engine, rest);
            let mut query = sqlx::query(text);
            for (account, nanos) in rows {
                query = query.bind(account.as_str()).bind(*nanos);
            }
            query.execute(&mut *tx).await?;
        }
        lines.extend(rows.iter().map(|(account, nanos)| line(account, *nanos)));
        chain.add(tx, kind.word(), note, at_ms, &lines).await
    }
}

/// What is said of a batch besides its entries.
pub(crate) struct Header<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// What it is about, in a word.
    pub(crate) note: &'a str,
    /// When it was, in milliseconds.
    pub(crate) at_ms: i64,
    /// The text of its settlements.
    pub(crate) lines: Vec<String>,
}

/// Returns the text of an entry, of which the chain keeps the hash.
pub(crate) fn line(account: &str, nanos: i64) -> String {
    format!("{account}={nanos}")
}
