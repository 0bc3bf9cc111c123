//! What all answers are told with.

use domain::catalog::Catalog;
use domain::money::Money;
use site::ranking::{Cell, Table};
use site::words;
use traffic::figures::{Board, BoardRow, Figures, date};

use super::super::links;

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

/// Returns nano-dollars in words.
pub(super) fn dollars(nanos: u64) -> String {
    words::money(Money::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)))
}

/// Returns a figure in words; a dash where it is not known.
pub(super) fn known<T>(figure: Option<T>, say: impl Fn(T) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), say)
}

/// Returns a rank with its interval.
pub(super) fn rank(row: &BoardRow) -> Cell {
    let rank = if row.rank_low == row.rank_high {
        row.rank.to_string()
    } else {
        format!("{} ({}–{})", row.rank, row.rank_low, row.rank_high)
    };
    let tie = if row.ties_with_next { " =" } else { "" };
    Cell::of(format!("{rank}{tie}"))
}

/// Returns capped tokens, with raw ones where they are told.
pub(super) fn tokens(row: &BoardRow) -> Cell {
    Cell::of(words::large(row.tokens)).note(row.raw_tokens.map(raw).unwrap_or_default())
}

/// Returns the share of the largest account.
pub(super) fn largest(row: &BoardRow) -> Cell {
    let mark = if row.is_concentrated { "◆ " } else { "" };
    Cell::of(format!("{mark}{}", known(row.largest_share, words::percent)))
}

fn raw(tokens: u64) -> String {
    format!("{} raw", words::large(tokens as f64))
}
