//! The report of a stealth model for its lab, as JSON and as text.

use std::fmt::Write as _;

use domain::catalog::Catalog;
use domain::feedback::Rating;
use domain::launch::Reveal;
use domain::time::{DAY_MS, Timestamp};
use serde_json::{Map, Value, json};
use store::{Db, feedback};
use traffic::event::Finish;
use traffic::figures::{Day, date};
use traffic::lab::{Cell, Part, Report, Reporter, Said, Side};
use traffic::store::Store;

/// Accounts that have to be behind what a public instance tells a lab.
const ACCOUNTS_MIN: u32 = 10;
/// Days that a report covers, at most.
pub(crate) const DAYS_MAX: u32 = 400;
/// Days that a report covers where nobody says.
pub(crate) const DAYS: u32 = 30;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabError {
    #[error("the store of events: {0}")]
    Events(#[from] traffic::store::StoreError),
    #[error("the database: {0}")]
    Books(#[from] store::StoreError),
}

/// Returns whether a name is, or was, a stealth model's.
pub(crate) fn is_stealth(name: &str, catalog: &Catalog, reveals: &[Reveal]) -> bool {
    let model = catalog.models().iter().find(|model| model.id == name);
    model.is_some_and(|model| model.stealth.is_some())
        || catalog.revealed(name).is_some()
        || reveals.iter().any(|it| it.stealth == name)
}

/// Makes the report of the last days. A public instance tells complete days alone.
///
/// # Errors
/// When a store fails.
pub(crate) async fn report(
    (db, store): (&Db, &Store),
    model: &str,
    days: u32,
    (now, is_public): (Timestamp, bool),
) -> Result<Report, LabError> {
    let last: Day = if is_public { now.day() - 1 } else { now.day() };
    let first = last - Day::from(days.clamp(1, DAYS_MAX)) + 1;
    let reporter = Reporter::read(store, model, (first, last)).await?;
    let said = feedback::of_model(db, model, Timestamp::from_ms(first * DAY_MS)).await?;
    let said: Vec<Said> = said
        .into_iter()
        .map(|it| Said {
            day: it.at.day(),
            account: it.account.as_str().into(),
            category: it.category,
            rating: it.rating,
            comment: it.comment,
            has_accepted: it.has_accepted,
        })
        .collect();
    Ok(reporter.report(&said, is_public.then_some(ACCOUNTS_MIN)))
}

fn word(finish: Finish) -> &'static str {
    match finish {
        Finish::Unknown => "unknown",
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::Filter => "content_filter",
        Finish::Error => "error",
    }
}

fn side(side: Side) -> (&'static str, &'static str) {
    match side {
        Side::Day => ("by_day", "day"),
        Side::Task => ("by_task", "task"),
        Side::Language => ("by_language", "language"),
        Side::Context => ("by_context", "context"),
    }
}

/// What is to be known of figures beside themselves.
fn note(report: &Report) -> String {
    match report.accounts_min {
        Some(least) => format!(
            "What fewer than {least} accounts did is kept back, or taken together with other rows."
        ),
        None => {
            "Figures of a private instance: nothing is kept back, and rows of few accounts may \
                 tell who is behind them."
                .to_owned()
        }
    }
}

/// Writes a report as JSON.
pub(crate) fn shown(model: &str, report: &Report) -> Value {
    let mut shown = json!({
        "model": model,
        "first_day": date(report.days.0),
        "last_day": date(report.days.1),
        "accounts_min": report.accounts_min,
        "note": note(report),
        "total": report.total.as_ref().map(cell),
        "retention": report.retention.map(|it| json!({
            "accounts": it.accounts, "returned_within_7_days": it.returned,
        })),
        "feedback": {
            "categories": report.opinions.iter().map(|it| json!({
                "category": it.category, "count": it.count, "accounts": it.accounts,
            })).collect::<Vec<_>>(),
            "up": report.ratings[0],
            "down": report.ratings[1],
            "comments": report.comments.iter().map(|it| json!({
                "day": date(it.day), "category": it.category, "rating": it.rating,
                "comment": it.text,
            })).collect::<Vec<_>>(),
        },
    });
    for (along, part) in &report.parts {
        let (list, name) = side(*along);
        shown[list] = rows(name, part);
    }
    shown
}

fn rows(name: &str, part: &Part) -> Value {
    let row = |(value, sum): &(traffic::event::Name, Cell)| {
        let mut row = Map::from_iter([(name.to_owned(), json!(known(value)))]);
        row.extend(cell(sum).as_object().cloned().unwrap_or_default());
        Value::Object(row)
    };
    let rest = part
        .rest
        .as_ref()
        .map(|(names, sum)| json!({ "rows": names, "total": sum.as_ref().map(cell) }));
    json!({ "rows": part.cells.iter().map(row).collect::<Vec<_>>(), "kept_back": rest })
}

fn known(name: &str) -> Option<&str> {
    Some(name).filter(|name| !name.is_empty())
}

fn cell(cell: &Cell) -> Value {
    let finish: Map<String, Value> = Finish::ALL
        .into_iter()
        .map(|finish| (word(finish).to_owned(), json!(cell.finished(finish))))
        .collect();
    json!({
        "requests": cell.requests,
        "accounts": cell.accounts,
        "prompt_tokens": cell.prompt,
        "completion_tokens": cell.output,
        "reasoning_tokens": cell.reasoning,
        "finish_reasons": finish,
        "refusals": cell.refusals(),
        "truncations": cell.truncations(),
        "cancelled": cell.cancelled,
        "broken": cell.broken,
        "unanswered": cell.unanswered,
        "answers_with_tool_calls": cell.tool_answers,
        "answers_with_invalid_tool_calls": cell.tool_invalid,
    })
}

/// Writes a report as text.
pub(crate) fn text(model: &str, report: &Report) -> String {
    let mut text = String::new();
    let (first, last) = (date(report.days.0), date(report.days.1));
    let _ = writeln!(text, "{model}, {first} to {last}\n{}\n", note(report));
    let Some(total) = &report.total else {
        let _ = writeln!(text, "Too few accounts used it: nothing can be told.");
        return text;
    };
    head(&mut text, "");
    line(&mut text, "all", total);
    for (along, part) in &report.parts {
        let (_, name) = side(*along);
        head(&mut text, name);
        for (value, sum) in &part.cells {
            line(&mut text, known(value).unwrap_or("not known"), sum);
        }
        match &part.rest {
            Some((names, Some(sum))) => line(&mut text, &format!("{names} others"), sum),
            Some((names, None)) => {
                let _ = writeln!(text, "{names} others: kept back");
            }
            None => (),
        }
    }
    said(&mut text, report);
    text
}

fn head(text: &mut String, name: &str) {
    let gap = if name.is_empty() { "" } else { "\n" };
    let _ = writeln!(
        text,
        "{gap}{name:<24}{:>10}{:>10}{:>14}{:>14}{:>9}{:>9}{:>9}{:>11}",
        "requests",
        "accounts",
        "prompt tok.",
        "answer tok.",
        "refused",
        "cut",
        "broken",
        "bad calls"
    );
}

fn line(text: &mut String, name: &str, cell: &Cell) {
    let _ = writeln!(
        text,
        "{name:<24}{:>10}{:>10}{:>14}{:>14}{:>9}{:>9}{:>9}{:>11}",
        cell.requests,
        cell.accounts,
        cell.prompt,
        cell.output,
        cell.refusals(),
        cell.truncations(),
        cell.broken,
        cell.tool_invalid
    );
}

fn said(text: &mut String, report: &Report) {
    let count =
        |count: Option<u64>| count.map_or_else(|| "kept back".to_owned(), |it| it.to_string());
    if let Some(retention) = report.retention {
        let _ = writeln!(
            text,
            "\ncame back within 7 days: {} of {} accounts",
            count(retention.returned),
            retention.accounts
        );
    }
    let [up, down] = report.ratings;
    let _ = writeln!(text, "\nfeedback: up {}, down {}", count(up), count(down));
    for opinion in &report.opinions {
        let _ = writeln!(text, "{:<24}{:>10}", opinion.category.word(), count(opinion.count));
    }
    for comment in &report.comments {
        let rating = comment.rating.map_or("", Rating::word);
        let day = date(comment.day);
        let _ = writeln!(text, "\n{day} {} {rating}", comment.category.word());
        for line in comment.text.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::feedback::Category;
    use domain::generation::Outcome;
    use traffic::event::Context;
    use traffic::store::CaseRow;

    use super::*;

    fn sample(accounts_min: Option<u32>) -> Report {
        let row = |account: usize, task: Option<&str>, finish| CaseRow {
            account: format!("account-{account}").into(),
            outcome: Outcome::Finished,
            finish,
            task: task.map(Into::into),
            language: None,
            context: Context::of(2_000),
            requests: 3,
            prompt: 6_000,
            output: 900,
            reasoning: 0,
            tool_answers: 1,
            tool_invalid: u64::from(account == 0),
        };
        let mut reporter = Reporter::new((20_000, 20_009));
        let translation = (0..12).map(|it| row(it, Some("translation"), Finish::Stop));
        let rest = (12..26).map(|it| row(it, None, Finish::Length));
        reporter.add(20_000, &translation.chain(rest).collect::<Vec<_>>());
        reporter.add(20_001, &(0..12).map(|it| row(it, None, Finish::Filter)).collect::<Vec<_>>());
        let said = Said {
            day: 20_001,
            account: "account-1".into(),
            category: Category::Formatting,
            rating: Some(Rating::Down),
            comment: Some("Tables break.\n<b>Always.</b>".to_owned()),
            has_accepted: true,
        };
        reporter.report(&[said], accounts_min)
    }

    #[test]
    fn a_report_is_read_by_people() {
        insta::assert_snapshot!(text("stealth/heron", &sample(Some(10))), @r#"
        stealth/heron, 2024-10-04 to 2024-10-13
        What fewer than 10 accounts did is kept back, or taken together with other rows.

                                  requests  accounts   prompt tok.   answer tok.  refused      cut   broken  bad calls
        all                            114        26        228000         34200       36       42        0          2

        day                       requests  accounts   prompt tok.   answer tok.  refused      cut   broken  bad calls
        2024-10-04                      78        26        156000         23400        0       42        0          1
        2024-10-05                      36        12         72000         10800       36        0        0          1

        task                      requests  accounts   prompt tok.   answer tok.  refused      cut   broken  bad calls
        not known                       78        26        156000         23400       36       42        0          1
        translation                     36        12         72000         10800        0        0        0          1

        language                  requests  accounts   prompt tok.   answer tok.  refused      cut   broken  bad calls
        not known                      114        26        228000         34200       36       42        0          2

        context                   requests  accounts   prompt tok.   answer tok.  refused      cut   broken  bad calls
        1k-4k                          114        26        228000         34200       36       42        0          2

        came back within 7 days: 12 of 26 accounts

        feedback: up 0, down kept back
        latency                          0
        incoherence                      0
        incorrect_response               0
        formatting               kept back
        billing                          0
        api_error                        0
        other                            0

        2024-10-05 formatting down
          Tables break.
          <b>Always.</b>
        "#);
        let few = Reporter::new((20_000, 20_001)).report(&[], None);
        assert!(text("stealth/heron", &few).contains("all"));
    }

    #[test]
    fn a_report_is_read_by_programs() {
        let shown = shown("stealth/heron", &sample(None));
        assert_eq!(shown["total"]["requests"], 114);
        assert_eq!(shown["by_task"]["rows"][0]["task"], Value::Null);
        assert_eq!(shown["by_task"]["rows"][1]["task"], "translation");
        assert_eq!(shown["by_context"]["rows"][0]["finish_reasons"]["content_filter"], 36);
        assert_eq!(shown["feedback"]["comments"][0]["day"], "2024-10-05");
        assert_eq!(shown["retention"]["returned_within_7_days"], 12);
        assert!(!shown.to_string().contains("account-"));
    }
}
