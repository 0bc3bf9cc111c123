//! What requests are for, and which applications send them.

use serde_json::json;
use site::ranking::{Cell, Ranking};
use site::words;
use traffic::figures::{App, Figures, TaskShare};

use super::super::links;
use super::view::{View, date, table};

/// Makes the page of tasks.
pub(super) fn tasks(figures: &Figures) -> View {
    let question = "What are models used for?".to_owned();
    let empty = "Too few requests were looked at to tell what they were for.".to_owned();
    let Some(tasks) = figures.tasks.as_ref().filter(|it| !it.tasks.is_empty()) else {
        let page = Ranking { question, answer: empty.clone(), empty, ..Ranking::default() };
        return View { page, rows: Vec::new() };
    };
    let first: Vec<String> = tasks
        .tasks
        .iter()
        .take(3)
        .map(|it| format!("{} ({})", it.tag.label(), words::percent(it.requests)))
        .collect();
    let cells = |it: &TaskShare| {
        let board = links::address("/rankings", &[("task".to_owned(), it.tag.key().to_owned())]);
        let models: Vec<&str> = it.models.iter().take(3).map(|it| it.0.as_str()).collect();
        vec![
            Cell { href: Some(board), ..Cell::of(it.tag.label()) }.note(it.tag.group().label()),
            Cell::of(words::percent(it.requests)),
            Cell::of(words::percent(it.tokens)),
            Cell::of(words::percent(it.spend)),
            Cell::of(models.join(", ")),
        ]
    };
    let page = Ranking {
        question,
        answer: format!(
            "From {} to {}, most of what could be told was for {}.",
            date(tasks.first_day),
            date(tasks.last_day),
            first.join(", ")
        ),
        table: table(
            "Tasks",
            "Shares of requests, tokens and spend. A small classifier on this instance told the \
             task; no text was kept, and shares of requests are corrected for its known errors.",
            &[
                ("Task", false),
                ("Requests", true),
                ("Tokens", true),
                ("Spend", true),
                ("Most used for it", false),
            ],
            tasks.tasks.iter().map(cells).collect(),
        ),
        notes: vec![format!(
            "{} requests were looked at; of {} the task could not be told, and they are left out.",
            words::grouped(tasks.requests),
            words::percent(tasks.other_share)
        )],
        empty,
        ..Ranking::default()
    };
    let rows = tasks.tasks.iter().map(|it| {
        vec![
            ("tag", json!(it.tag.key())),
            ("group", json!(it.tag.group().key())),
            ("requests", json!(it.requests)),
            ("requests_uncorrected", json!(it.requests_uncorrected)),
            ("tokens", json!(it.tokens)),
            ("spend", json!(it.spend)),
        ]
    });
    View { page, rows: rows.collect() }
}

/// Makes the page of applications.
pub(super) fn apps(figures: &Figures) -> View {
    let answer = match figures.apps.first() {
        None => "No application has said who it is yet.".to_owned(),
        Some(first) => format!(
            "In 30 days, {} used the most: {} tokens.",
            first.title,
            words::large(first.tokens as f64)
        ),
    };
    let cells = |(rank, it): (usize, &App)| {
        let models: Vec<&str> = it.models.iter().take(3).map(|it| it.0.as_str()).collect();
        let verified = if it.is_verified { "verified" } else { "not verified" };
        // The address is what somebody sent: the link leads to its page here.
        vec![
            Cell::of(rank.to_string()),
            Cell { href: Some(links::app(&it.url)), ..Cell::of(&it.title) }.note(&it.url),
            Cell::of(words::large(it.tokens as f64)),
            Cell::of(words::grouped(it.requests)),
            Cell::of(models.join(", ")),
            Cell::of(verified),
        ]
    };
    let page = Ranking {
        question: "Which apps use the most?".to_owned(),
        answer,
        table: table(
            "Apps",
            "Tokens and requests of 30 days.",
            &[
                ("Rank", true),
                ("App", false),
                ("Tokens", true),
                ("Requests", true),
                ("Models", false),
                ("Address", false),
            ],
            (1..).zip(&figures.apps).take(100).map(cells).collect(),
        ),
        notes: vec![
            "An app says who it is by the headers HTTP-Referer and X-Title. Public boards count \
             only those whose address is known to be their own."
                .to_owned(),
        ],
        empty: "An app appears here when its requests carry the headers HTTP-Referer and X-Title."
            .to_owned(),
        ..Ranking::default()
    };
    let rows = (1_u32..).zip(&figures.apps).map(|(rank, it)| {
        vec![
            ("rank", json!(rank)),
            ("app_id", json!(it.id)),
            ("app_name", json!(it.title)),
            ("app_url", json!(it.url)),
            ("verified", json!(it.is_verified)),
            ("tokens", json!(it.tokens)),
            ("requests", json!(it.requests)),
        ]
    });
    View { page, rows: rows.collect() }
}
