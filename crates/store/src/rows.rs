//! Inserting many rows with one statement.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use sqlx::AssertSqlSafe;

/// How many rows one statement inserts. Few widths make few texts, which every connection prepares
/// once and keeps; the widest stays below 1,000 parameters, which each engine takes in any version.
const WIDTHS: [usize; 4] = [64, 16, 4, 1];

/// The texts of one statement, by how many rows it inserts.
pub(crate) struct Inserts {
    texts: LazyLock<[Arc<str>; WIDTHS.len()]>,
}

impl Inserts {
    /// Takes a function that returns what stands before the rows, how many columns they have, and
    /// what stands after them.
    pub(crate) const fn new(write: fn() -> [Arc<str>; WIDTHS.len()]) -> Inserts {
        Inserts { texts: LazyLock::new(write) }
    }

    /// Splits `rows` where the widest statement that they fill ends, and returns its text with the
    /// rows before and after.
    pub(crate) fn split<'a, T>(
        &self,
        rows: &'a [T],
    ) -> Option<(AssertSqlSafe<Arc<str>>, &'a [T], &'a [T])> {
        let place = WIDTHS.iter().position(|&width| width <= rows.len())?;
        let (inserted, rest) = rows.split_at(WIDTHS[place]);
        // Safe: the text was put together from constants.
        Some((AssertSqlSafe(Arc::clone(&self.texts[place])), inserted, rest))
    }
}

/// Writes a statement in each width: `head`, then rows of `columns` placeholders, then `tail`.
pub(crate) fn texts(head: &str, columns: usize, tail: &str) -> [Arc<str>; WIDTHS.len()] {
    WIDTHS.map(|width| {
        let mut text = format!("{head} VALUES ");
        for row in 0..width {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 1..=columns {
                let comma = if column == 1 { "" } else { ", " };
                // Writing to a `String` does not fail.
                let _ = write!(text, "{comma}${}", row * columns + column);
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(tail);
        text.into()
    })
}
