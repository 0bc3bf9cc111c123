//! Stealth models: their terms, and what their labs are told.

use domain::feedback::{Category, Rating};

use super::{data, day, one_of};
use crate::reference::{Schema, list, map, named, object, text, truth, whole, word};

/// The terms of a stealth model.
pub(crate) fn terms() -> Schema {
    data(named("Terms", || {
        object(
            "Terms of a stealth model.",
            vec![
                ("model", text("The model.")),
                ("terms", text("The terms.")),
                ("terms_hash", text("Their hash, by which they are accepted.")),
                (
                    "accepted",
                    truth("The calling key has accepted them; null for the operator's.").or_null(),
                ),
            ],
        )
    }))
}

/// Which terms are accepted.
pub(crate) fn acceptance() -> Schema {
    named("Acceptance", || {
        object("Which terms are accepted.", vec![("accept", text("Their hash."))])
    })
}

fn cell() -> Vec<(&'static str, Schema)> {
    let count = |said: &str| whole(said);
    vec![
        ("requests", count("Requests.")),
        ("accounts", count("Accounts.")),
        ("prompt_tokens", count("Tokens of prompts.")),
        ("completion_tokens", count("Tokens of answers.")),
        ("reasoning_tokens", count("Tokens of thinking among them.")),
        ("finish_reasons", map(whole("How often."), "Why answers ended.")),
        ("refusals", count("Answers that a filter ended.")),
        ("truncations", count("Answers that became too long.")),
        ("cancelled", count("Requests whose caller left.")),
        ("broken", count("Answers that broke off.")),
        ("unanswered", count("Requests that nothing answered.")),
        ("answers_with_tool_calls", count("Answers that call tools.")),
        ("answers_with_invalid_tool_calls", count("Answers that call them wrongly.")),
    ]
}

fn total() -> Schema {
    named("LabCell", || object("What some requests came to.", cell()))
}

fn part(name: &'static str) -> Schema {
    let mut fields = vec![(name, text("Of which; null where nobody knows.").or_null())];
    fields.extend(cell());
    let rest = object(
        "What is not told row by row.",
        vec![("rows", whole("How many rows.")), ("total", total().or_null())],
    );
    object(
        "Figures by something.",
        vec![("rows", list(object("A row.", fields), "The rows.")), ("kept_back", rest.or_null())],
    )
}

/// What a lab is told.
pub(crate) fn report() -> Schema {
    data(named("LabReport", || {
        object(
            "What a stealth model's lab is told.",
            vec![
                ("model", text("The model, by the name that it has or had.")),
                ("first_day", day("The first day.")),
                ("last_day", day("The last day.")),
                ("accounts_min", whole("Accounts that have to be behind a figure.").or_null()),
                ("note", text("What is to be known besides.")),
                ("total", total().or_null()),
                ("retention", retention().or_null()),
                ("feedback", feedback()),
                ("by_day", part("day")),
                ("by_task", part("task")),
                ("by_language", part("language")),
                ("by_context", part("context")),
            ],
        )
    }))
}

fn retention() -> Schema {
    object(
        "Who came back.",
        vec![
            ("accounts", whole("Accounts.")),
            ("returned_within_7_days", whole("Those that came back.").or_null()),
        ],
    )
}

fn feedback() -> Schema {
    let category = || word("About what.", Category::ALL.map(Category::word));
    let opinion = object(
        "How often it was about that.",
        vec![
            ("category", category()),
            ("count", whole("How often.").or_null()),
            ("accounts", whole("By how many accounts.").or_null()),
        ],
    );
    let comment = object(
        "What somebody said.",
        vec![
            ("day", day("When.")),
            ("category", category()),
            ("rating", one_of("Whether it was any good.", &[Rating::Up, Rating::Down]).or_null()),
            ("comment", text("In words.")),
        ],
    );
    object(
        "What callers said.",
        vec![
            ("categories", list(opinion, "What it was about.")),
            ("up", whole("Good answers.").or_null()),
            ("down", whole("Bad answers.").or_null()),
            ("comments", list(comment, "In words.")),
        ],
    )
}
