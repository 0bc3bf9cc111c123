//! A question with its answer, for people and for programs, and what all answers are told with.

use domain::catalog::Catalog;
use domain::time::{DAY_MS, Timestamp};
use serde_json::{Map, Value, json};
use site::ranking::{Cell, Ranking, Table};
use traffic::figures::{Board, Day, Figures};

use super::super::links;

/// A question with its answer, for people and for programs.
pub(super) struct View {
    /// The page, without what all of them have.
    pub page: Ranking,
    /// The figures: names with values, row by row. All rows have the same names.
    pub rows: Vec<Vec<(&'static str, Value)>>,
}

impl View {
    /// Returns it for programs.
    pub(super) fn json(&self, figures: Option<&Figures>) -> Value {
        let row = |row: &Vec<(&'static str, Value)>| {
            let pairs = row.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        json!({
            "question": self.page.question,
            "answer": self.page.answer,
            "data": self.rows.iter().map(row).collect::<Vec<_>>(),
            "meta": {
                "as_of": figures.map(|it| it.made.to_string()),
                "version": figures.map(|it| it.methodology),
                "last_day": figures.map(|it| date(it.last_day)),
                "synthetic": figures.map(|it| it.has_synthetic),
            },
        })
    }

    /// Returns it as a table for programs.
    pub(super) fn cells(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let head = self.rows.first().map(|row| row.iter().map(|cell| cell.0).collect());
        let cell = |(_, value): &(&'static str, Value)| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let rows = self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        (head.unwrap_or_default(), rows)
    }
}

/// Returns a day as `2026-11-25`.
pub(in crate::web) fn date(day: Day) -> String {
    Timestamp::from_ms(day * DAY_MS).to_string().chars().take_while(|it| *it != 'T').collect()
}

/// Returns what a board calls the days that it counts.
pub(super) fn span(figures: &Figures, days: i64, board: &Board) -> String {
    let last = if board.rows.is_empty() { figures.last_day } else { board.last_day };
    let days = if board.rows.is_empty() { days } else { last - board.first_day + 1 };
    match days {
        1 => format!("On {}", date(last)),
        days => format!("In the {days} days to {}", date(last)),
    }
}

/// Returns a table for people.
pub(super) fn table(
    name: &'static str,
    caption: &str,
    columns: &[(&'static str, bool)],
    rows: Vec<Vec<Cell>>,
) -> Table {
    Table { name, caption: caption.to_owned(), columns: columns.to_vec(), rows }
}

/// Returns a model by its name, with the page where it has one.
pub(in crate::web) fn model_cell(catalog: &Catalog, id: &str) -> Cell {
    match catalog.find_model(id) {
        Some(place) => Cell {
            text: catalog.model(place).name.clone(),
            href: Some(links::model(id)),
            note: id.to_owned(),
        },
        None => Cell::of(id),
    }
}
