//! Boards, as they are told.

use domain::money::Money;
use serde_json::{Map, Value, json};
use traffic::figures::{Board, BoardRow, Figures, Question, Slice, date};

use super::sheet::Sheet;

/// Returns the board that answers a question; one without rows where nothing was counted.
pub(crate) fn sheet(figures: &Figures, question: &Question) -> Sheet {
    let empty = Board::default();
    let board = figures.board(question).unwrap_or(&empty);
    let rows = board.rows.iter().map(row).collect();
    let mut about = Map::new();
    let (kind, value) = question.slice.words();
    let mut say = |name: &str, value: Value| about.insert(name.to_owned(), value);
    say("subject", json!(question.subject.word()));
    say("by", json!(question.order.word()));
    say("window", json!(question.window.word()));
    let told = figures.board(question);
    let first = figures.last_day - question.window.days() + 1;
    say("window_first_day", json!(date(told.map_or(first, |board| board.first_day))));
    say("window_last_day", json!(date(told.map_or(figures.last_day, |board| board.last_day))));
    if question.slice != Slice::All {
        say("slice", json!({ "kind": kind, "value": value }));
    }
    say("accounts", json!(board.accounts));
    say("kept_back", json!(board.kept_back));
    say("other_tokens", json!(board.other_tokens));
    Sheet { about, rows }
}

fn row(row: &BoardRow) -> Value {
    json!({
        "rank": row.rank,
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "ties_with_next": row.ties_with_next,
        "name": row.name,
        "share": row.share,
        "tokens": row.tokens,
        "raw_tokens": row.raw_tokens,
        "spend": dollars(row.spend_nanos),
        "requests": row.requests,
        "accounts": row.accounts,
        "effective_users": row.effective_users,
        "largest_share": row.largest_share,
        "is_concentrated": row.is_concentrated,
        "change": {
            "growth": row.change.map(|it| it.growth),
            "low": row.change.map(|it| it.low),
            "high": row.change.map(|it| it.high),
            "is_sure": row.change.map(|it| it.is_sure()),
        },
    })
}

/// Returns nano-dollars as dollars.
pub(super) fn dollars(nanos: u64) -> Value {
    json!(Money::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)).dollars())
}
