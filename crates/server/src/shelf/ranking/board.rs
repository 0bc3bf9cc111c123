//! Boards, as they are told.

use std::collections::HashMap;

use domain::money::Money;
use serde_json::{Map, Value, json};
use traffic::figures::{App, Board, BoardRow, Figures, Question, Slice, Subject, date};

use crate::shelf::sheet::Sheet;

/// Returns the board that answers a question; one without rows where nothing was counted.
pub(super) fn sheet(figures: &Figures, question: &Question) -> Sheet {
    let empty = Board::default();
    let board = figures.board(question).unwrap_or(&empty);
    let apps = (question.subject == Subject::Apps).then(|| apps(figures));
    let row = |it: &BoardRow| match &apps {
        None => row(it),
        Some(apps) => app_row(it, apps.get(&*it.name).copied()),
    };
    Sheet { about: about(figures, question, board), ..Sheet::of(board.rows.iter().map(row)) }
}

fn about(figures: &Figures, question: &Question, board: &Board) -> Map<String, Value> {
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
    if let Some(part) = board.part {
        say("part", json!(part));
    }
    say("accounts", json!(board.accounts));
    say("kept_back", json!(board.kept_back));
    say("other_tokens", json!(board.other_tokens));
    about
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

/// Returns a row with what is known of the application that it is of.
fn app_row(it: &BoardRow, app: Option<&App>) -> Value {
    let models = app.into_iter().flat_map(|app| &app.models).take(APP_MODELS);
    let mut row = row(it);
    row["app_id"] = json!(app.map(|app| app.id));
    row["app_name"] = json!(app.map(|app| &app.title));
    row["app_url"] = json!(it.name);
    row["verified"] = json!(app.map(|app| app.is_verified));
    row["models_last_30d"] = models.map(|(model, _)| json!(model)).collect();
    row
}

/// Models that are told of an application beside its figures.
pub(crate) const APP_MODELS: usize = 3;

/// Returns applications by their address.
pub(crate) fn apps(figures: &Figures) -> HashMap<&str, &App> {
    figures.apps.iter().map(|app| (app.url.as_str(), app)).collect()
}

fn dollars(nanos: u64) -> Value {
    json!(Money::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)).dollars())
}
