//! Inserting many rows with one statement.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use sqlx::AssertSqlSafe;

use super::engine::Engine;

/// How many rows one statement inserts. Few widths make few texts, which every connection prepares
/// once and keeps; the widest stays below 1,000 parameters, which each engine takes in any version.
const WIDTHS: [usize; 4] = [64, 16, 4, 1];

/// A statement that inserts rows.
pub(crate) struct Insert {
    /// What stands before the rows.
    pub(crate) head: &'static str,
    /// How many columns a row has.
    pub(crate) columns: usize,
    /// What stands after the rows.
    pub(crate) tail: &'static str,
    /// The statement in each width, once it was asked for.
    pub(crate) texts: Texts,
}

/// The texts of a statement: by width with numbered placeholders, and with plain ones.
pub(crate) struct Texts {
    numbered: [OnceLock<Arc<str>>; WIDTHS.len()],
    plain: [OnceLock<Arc<str>>; WIDTHS.len()],
}

/// What one statement inserts.
pub(crate) struct Step<'a, T> {
    /// Its text, put together from constants.
    pub(crate) text: AssertSqlSafe<Arc<str>>,
    /// The rows that it inserts.
    pub(crate) rows: &'a [T],
    /// The rows that are left for the next.
    pub(crate) rest: &'a [T],
}

impl Texts {
    /// Returns texts that are still to be written.
    pub(crate) const fn new() -> Texts {
        Texts {
            numbered: [const { OnceLock::new() }; WIDTHS.len()],
            plain: [const { OnceLock::new() }; WIDTHS.len()],
        }
    }
}

impl Insert {
    /// Returns the widest statement that `rows` fill; none, where there are no rows.
    pub(crate) fn step<'a, T>(&self, engine: Engine, rows: &'a [T]) -> Option<Step<'a, T>> {
        let place = WIDTHS.iter().position(|&width| width <= rows.len())?;
        let (rows, rest) = rows.split_at(WIDTHS[place]);
        let texts = match engine {
            Engine::Postgres => &self.texts.numbered,
            Engine::Sqlite => &self.texts.plain,
        };
        let text = texts[place].get_or_init(|| self.text(engine, WIDTHS[place]).into());
        Some(Step { text: AssertSqlSafe(Arc::clone(text)), rows, rest })
    }

    /// Writes the statement for `width` rows.
    ///
    /// Numbered placeholders are names to SQLite, and sqlx asks for each one's name, which takes
    /// SQLite longer the more there are: they made 64 rows of 14 columns cost twice as much.
    fn text(&self, engine: Engine, width: usize) -> String {
        let mut text = format!("{} VALUES ", self.head);
        for row in 0..width {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns {
                text.push_str(if column == 0 { "" } else { ", " });
                match engine {
                    Engine::Sqlite => text.push('?'),
                    // Writing to a `String` does not fail.
                    Engine::Postgres => {
                        let _ = write!(text, "${}", row * self.columns + column + 1);
                    }
                }
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static INSERT: Insert = Insert {
        head: "INSERT INTO t (a, b)",
        columns: 2,
        tail: "RETURNING a",
        texts: Texts::new(),
    };

    #[test]
    fn rows_are_taken_by_the_widest_statement_that_they_fill() {
        for (count, widths) in [(0, vec![]), (1, vec![1]), (87, vec![64, 16, 4, 1, 1, 1])] {
            let rows: Vec<usize> = (0..count).collect();
            let (mut rest, mut seen, mut found) = (rows.as_slice(), Vec::new(), Vec::new());
            while let Some(step) = INSERT.step(Engine::Sqlite, rest) {
                rest = step.rest;
                seen.extend_from_slice(step.rows);
                found.push(step.rows.len());
            }
            assert_eq!((seen, found), (rows, widths));
        }
    }

    #[test]
    fn each_engine_gets_the_placeholders_that_it_reads_fast() {
        assert_eq!(
            INSERT.text(Engine::Postgres, 2),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) RETURNING a"
        );
        assert_eq!(
            INSERT.text(Engine::Sqlite, 1),
            "INSERT INTO t (a, b) VALUES (?, ?) RETURNING a"
        );
    }
}
