//! The page of applications: a board with what is known of each.

use site::ranking::{Cell, Ranking};
use site::words;
use traffic::figures::{App, Board, BoardRow, Figures, Scope};

use super::super::links;
use super::parts::{dollars, largest, rank, table, tokens};
use crate::shelf::ranking::{APP_MODELS, apps};

/// Rows of a page; programs are told all.
const ROWS: usize = 100;

/// Makes the page of a board of applications, of which the question is told.
pub(super) fn page(figures: &Figures, board: &Board, told: Ranking) -> Ranking {
    let known = apps(figures);
    let cells = |row: &BoardRow| cells(row, known.get(&*row.name).copied());
    let caption = "Ranks with their 90 % intervals. “=”: not to be told from the next row for \
                   sure. ◆: one account is more than a fifth of it. Models are those of 30 days.";
    let mut notes = told.notes;
    notes.extend(said(figures, board));
    Ranking {
        table: table(
            "Apps",
            caption,
            &[
                ("Rank", false),
                ("App", false),
                ("Tokens, capped", true),
                ("Share", true),
                ("Requests", true),
                ("Accounts", true),
                ("Largest", true),
                ("Spend", true),
                ("Models", false),
                ("Address", false),
            ],
            board.rows.iter().take(ROWS).map(cells).collect(),
        ),
        notes,
        empty: "An app appears here when its requests carry the headers HTTP-Referer and X-Title. \
                A public instance counts only those whose address is known to be their own."
            .to_owned(),
        ..told
    }
}

fn cells(row: &BoardRow, app: Option<&App>) -> Vec<Cell> {
    let who = match app {
        // The address is what somebody sent: the link leads to its page here.
        Some(app) => Cell { href: Some(links::app(&app.url)), ..Cell::of(&app.title) }
            .note(app.url.trim_start_matches("https://")),
        None => Cell::of(&row.name),
    };
    let models = app.into_iter().flat_map(|app| &app.models).take(APP_MODELS);
    let models: Vec<&str> = models.map(|(model, _)| model.as_str()).collect();
    let is_verified = app.is_some_and(|app| app.is_verified);
    vec![
        rank(row),
        who,
        tokens(row),
        Cell::of(words::percent(row.share)),
        Cell::of(words::grouped(row.requests)),
        Cell::of(words::grouped(u64::from(row.accounts))),
        largest(row),
        Cell::of(dollars(row.spend_nanos)),
        Cell::of(models.join(", ")),
        Cell::of(if is_verified { "verified" } else { "not\u{a0}verified" }),
    ]
}

fn said(figures: &Figures, board: &Board) -> Vec<String> {
    let mut said = vec![
        "An app says who it is by the headers HTTP-Referer and X-Title. Public boards count only \
         those whose address is known to be their own."
            .to_owned(),
    ];
    if figures.scope == Scope::Private {
        said.push(
            "GET /api/v1/datasets/app-rankings adds up other tokens: uncapped, with those from \
             caches, of days that are over."
                .to_owned(),
        );
    }
    if ROWS < board.rows.len() {
        let all = words::grouped(board.rows.len() as u64);
        said.push(format!("The first {ROWS} of {all} are shown; CSV and JSON have all."));
    }
    said
}
