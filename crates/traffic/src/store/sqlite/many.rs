//! Statements that write many rows at once.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use sqlx::AssertSqlSafe;

/// How many rows one statement writes. Few widths make few texts, each prepared once; the widest
/// stays below SQLite's 32,766 parameters for thirty columns.
const WIDTHS: [usize; 4] = [512, 64, 8, 1];

/// A statement that writes rows.
pub(super) struct Rows {
    /// What stands before the rows.
    head: &'static str,
    /// How many columns a row has.
    columns: usize,
    /// What stands after the rows.
    tail: &'static str,
    /// The statement in each width, once it was asked for.
    texts: [OnceLock<Arc<str>>; WIDTHS.len()],
}

/// What one statement writes: its text, the rows, and the rows that are left.
type Step<'a, T> = (AssertSqlSafe<Arc<str>>, &'a [T], &'a [T]);

impl Rows {
    /// Returns a statement whose texts are still to be written.
    pub(super) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Rows {
        Rows { head, columns, tail, texts: [const { OnceLock::new() }; WIDTHS.len()] }
    }

    /// Returns the widest statement that `rows` fill, the rows that it writes, and the rest; none
    /// where there are no rows.
    pub(super) fn step<'a, T>(&self, rows: &'a [T]) -> Option<Step<'a, T>> {
        let place = WIDTHS.iter().position(|width| *width <= rows.len())?;
        let (now, rest) = rows.split_at(WIDTHS[place]);
        let text = self.texts[place].get_or_init(|| self.text(WIDTHS[place]).into());
        Some((AssertSqlSafe(Arc::clone(text)), now, rest))
    }

    fn text(&self, width: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        let mut text = self.head.to_owned();
        for place in 0..width {
            // Writing to a `String` does not fail.
            let _ = write!(text, "{}{row}", if place == 0 { " " } else { ", " });
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }
}
