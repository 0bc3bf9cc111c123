//! What requests are for.

use site::ranking::{Cell, Ranking};
use site::words;
use traffic::figures::{Figures, TaskShare, date};

use super::super::links;
use super::parts::table;

/// Makes the page of tasks.
pub(super) fn tasks(figures: &Figures) -> Ranking {
    let question = "What are models used for?".to_owned();
    let empty = "Too few requests were looked at to tell what they were for.".to_owned();
    let Some(tasks) = figures.tasks.as_ref().filter(|it| !it.tasks.is_empty()) else {
        return Ranking { question, answer: empty.clone(), empty, ..Ranking::default() };
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
    Ranking {
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
    }
}
