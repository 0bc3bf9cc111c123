//! `/rankings`: one question a page, answered in a sentence, with its twins. `/apps` is one of
//! them.
//!
//! A page's CSV, JSON and Markdown are the rows that the API tells (`shelf::ranking`), and the page
//! says the same figures in words.

mod apps;
mod boards;
mod hours;
mod parts;
mod special;
mod tasks;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::failure::Failure;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::json;
use site::ranking::{Method, Ranking, Tab};
use site::{Link, Section, Twin};
use traffic::figures::{Figures, Scope, date};

use super::links::METHODOLOGY;
use super::missing::missing;
use super::page::{MARKDOWN, Pairs, Shared, frame, is_demo, pairs, twins};
use super::{docs, linked, links, reply};
use crate::app::App;
use crate::shelf::ranking::{Asked, WORDS, meta, sheet};
use crate::shelf::sheet::Sheet;
use crate::shelf::traffic::open;
pub(super) use parts::model_cell;

/// The questions: the name in the address, the word in the bar.
pub(super) const QUESTIONS: [(&str, &str); 9] = [
    ("models", "Models"),
    ("authors", "Authors"),
    ("providers", "Providers"),
    ("apps", "Apps"),
    ("tasks", "Tasks"),
    ("rising", "Rising"),
    ("stable", "Stability"),
    ("value", "Value"),
    ("hours", "Hours"),
];

/// `GET /rankings`: the first question.
pub(super) async fn first(state: Shared, headers: HeaderMap, query: Pairs) -> Response {
    one(state, headers, Path("models".to_owned()), query).await
}

/// `GET /apps`.
pub(super) async fn apps(state: Shared, headers: HeaderMap, query: Pairs) -> Response {
    one(state, headers, Path("apps".to_owned()), query).await
}

/// `GET /rankings.json` and the like: the first question, or the one of the name, for programs.
pub(super) async fn twin(state: Shared, headers: HeaderMap, uri: Uri, query: Pairs) -> Response {
    let name = uri.path().trim_start_matches('/').replace("rankings.", "models.");
    one(state, headers, Path(name), query).await
}

/// `GET /rankings/methodology`: how all of them are counted.
pub(super) async fn methodology(State(app): Shared, headers: HeaderMap) -> Response {
    let document = docs::named("rankings");
    let mut frame =
        frame(&app, Section::Rankings, METHODOLOGY, &document.title(), &document.summary());
    frame.twins = vec![Twin {
        word: "Markdown",
        content_type: "text/markdown",
        href: "/docs/rankings.md".to_owned(),
    }];
    let page = Method { tabs: tabs("methodology"), document };
    reply::html(&headers, frame.page(&page.html()))
}

/// `GET /rankings/{name}`, and with `.json`, `.csv` or `.md` at its end the same for programs.
pub(super) async fn one(
    State(app): Shared,
    headers: HeaderMap,
    Path(asked): Path<String>,
    query: Pairs,
) -> Response {
    let (name, ending) = asked.rsplit_once('.').unwrap_or((&asked, ""));
    let Some((name, word)) = QUESTIONS.iter().find(|known| known.0 == name) else {
        return missing(&app, &headers, &format!("/rankings/{asked}"));
    };
    let asked = match read(&app, name, query) {
        Ok(asked) => asked,
        Err(failure) if ending.is_empty() => return refusal(&app, &headers, name, failure),
        Err(failure) => return reply::refused(&headers, &failure),
    };
    let figures = open(&app);
    let told = match &figures {
        Some(figures) => answer(&app, figures, &asked),
        None if is_demo(&app) => unwritten(word),
        None => closed(word),
    };
    if ending.is_empty() {
        return page(&app, &headers, name, &asked, told);
    }
    let sheet = figures.as_deref().map(|it| sheet(it, &asked)).unwrap_or_default();
    match ending {
        "json" => {
            let meta = figures.as_deref().map_or_else(|| json!({}), meta);
            reply::json(&headers, &spoken(&told, sheet, meta))
        }
        "csv" => reply::text(&headers, "text/csv; charset=utf-8", sheet.csv()),
        "md" => {
            let (head, rows) = sheet.table();
            let table = match rows.as_slice() {
                [] => format!("{}\n", site::machine::plain(&told.empty)),
                rows => site::machine::markdown_table(&head, rows),
            };
            let said = site::machine::plain;
            let (question, answer) = (said(&told.question), said(&told.answer));
            reply::text(&headers, MARKDOWN, format!("# {question}\n\n{answer}\n\n{table}"))
        }
        _ => missing(&app, &headers, &format!("/rankings/{name}.{ending}")),
    }
}

/// Reads what is asked. What is no parameter of rankings is left out, as are fields of a form that
/// nobody filled in.
fn read(app: &App, name: &str, query: Pairs) -> Result<Asked, Failure> {
    let mut pairs = pairs(query);
    pairs.retain(|(name, value)| !value.is_empty() && WORDS.contains(&name.as_str()));
    Asked::read(name, &pairs, app.current().config.public.enabled)
}

/// Returns rows as the API tells them, beside the question and its answer.
fn spoken(told: &Ranking, sheet: Sheet, meta: serde_json::Value) -> serde_json::Value {
    let mut rows = sheet.json(meta);
    json!({
        "question": told.question,
        "answer": told.answer,
        "data": rows["data"].take(),
        "meta": rows["meta"].take(),
    })
}

/// Says in words what answers a question.
fn answer(app: &App, figures: &Figures, asked: &Asked) -> Ranking {
    let catalog = &app.current().snapshot.catalog;
    // Posted hours are no traffic.
    if let Some(lacks) = lacking(figures).filter(|_| !matches!(asked, Asked::Hours(_))) {
        return few(asked, lacks);
    }
    match asked {
        Asked::Board(question) => boards::board(figures, catalog, question),
        Asked::Tasks => tasks::tasks(figures),
        Asked::Rising => special::rising(figures, catalog),
        Asked::Stable => special::stable(figures, catalog),
        Asked::Value => special::value(figures, catalog),
        Asked::Hours(model) => hours::hours(figures, catalog, model.as_deref()),
    }
}

/// What is said where figures are not for everybody.
fn closed(word: &str) -> Ranking {
    Ranking {
        question: word.to_owned(),
        answer: "The traffic of this instance is not shown to everybody.".to_owned(),
        empty: "With a key, GET /api/v1/rankings tells it. The operator opens these pages with \
                `figures = true` under `[site]`, or to the world by the rules of rk-1 with \
                `enabled = true` under `[public]`."
            .to_owned(),
        ..Ranking::default()
    }
}

/// Returns what a public instance lacks before it shows a ranking.
fn lacking(figures: &Figures) -> Option<String> {
    match figures.scope {
        Scope::Public { accounts, accounts_min } if accounts < accounts_min => Some(format!(
            "{} of the {accounts_min} that a public ranking needs {} here.",
            site::words::count(accounts as usize, "eligible account"),
            if accounts == 1 { "is" } else { "are" },
        )),
        _ => None,
    }
}

/// What is said where too few accounts count.
fn few(asked: &Asked, lacks: String) -> Ranking {
    let word = QUESTIONS.iter().find(|known| known.0 == asked.name()).map_or("", |known| known.1);
    Ranking {
        question: word.to_owned(),
        answer: lacks,
        empty: "An account is eligible that came seven days ago or earlier, was active on three \
                days, and paid five dollars, all in ninety days. With fewer of them, figures would \
                tell what single ones do."
            .to_owned(),
        ..Ranking::default()
    }
}

/// What is said while the traffic of the demo is being made up.
fn unwritten(word: &str) -> Ranking {
    Ranking {
        question: word.to_owned(),
        answer: "The traffic of this demo is being made up.".to_owned(),
        empty: "Ninety days of it take some seconds. Look again in half a minute.".to_owned(),
        ..Ranking::default()
    }
}

fn page(app: &App, headers: &HeaderMap, name: &str, asked: &Asked, told: Ranking) -> Response {
    let figures = open(app);
    let provenance = figures.as_deref().map(provenance).unwrap_or_default();
    let page = Ranking { tabs: tabs(name), provenance, ..told };
    let section = if name == "apps" { Section::Apps } else { Section::Rankings };
    let mut frame = frame(app, section, &links::ranking(name), &page.question, &page.answer);
    let pairs = asked.pairs();
    frame.indexed = pairs.is_empty();
    frame.title = headline(name, &page);
    frame.linked = figures.as_deref().map(|figures| {
        linked::dataset(&app.public_url, name, (&page.question, &page.answer), figures)
    });
    frame.twins = twins(&format!("/rankings/{name}"), &links::query(&pairs));
    frame.twins.push(Twin {
        word: "Atom",
        content_type: "application/atom+xml",
        href: "/feeds/rankings.xml".to_owned(),
    });
    reply::html_with(headers, StatusCode::OK, frame.page(&page.html()))
}

/// The page of what cannot be asked, with what is wrong about it.
fn refusal(app: &App, headers: &HeaderMap, name: &str, failure: Failure) -> Response {
    let page = Ranking {
        question: "This question cannot be read".to_owned(),
        answer: "The address asks for something that is not ranked.".to_owned(),
        tabs: tabs(name),
        empty: failure.detail,
        ..Ranking::default()
    };
    let mut frame =
        frame(app, Section::Rankings, &links::ranking(name), &page.question, &page.answer);
    frame.indexed = false;
    reply::html_with(headers, StatusCode::BAD_REQUEST, frame.page(&page.html()))
}

/// What is first, before the question, where the first row is the answer.
fn headline(name: &str, page: &Ranking) -> String {
    let is_answer = !matches!(name, "rising" | "hours");
    let mut cells = page.table.rows.first().into_iter().flatten();
    match cells.find(|cell| cell.href.is_some()).filter(|_| is_answer) {
        Some(first) => format!("{}: {}", first.text, page.question),
        None => page.question.clone(),
    }
}

/// The questions, and how all of them are counted; one is marked.
fn tabs(name: &str) -> Vec<Tab> {
    let question = |(other, word): &(&str, &str)| Tab {
        word: (*word).to_owned(),
        href: links::ranking(other),
        chosen: *other == name,
    };
    let method = Tab {
        word: "Methodology".to_owned(),
        href: METHODOLOGY.to_owned(),
        chosen: name == "methodology",
    };
    QUESTIONS.iter().map(question).chain([method]).collect()
}

/// Returns what some questions are answered with, each with its page; nothing where nothing was
/// counted, or it is not for everybody.
pub(super) fn answers(app: &App, names: &[&str]) -> Vec<(Link, String)> {
    let figures = open(app).filter(|figures| figures.requests != 0);
    let answered = |name: &&str| {
        let told = answer(app, figures.as_deref()?, &Asked::read(name, &[], false).ok()?);
        Some((Link { word: told.question, href: links::ranking(name) }, told.answer))
    };
    names.iter().filter_map(answered).collect()
}

/// Returns when, from what and by which rules figures were made.
pub(super) fn provenance(figures: &Figures) -> String {
    if figures.made == Timestamp::from_ms(0) {
        return "Nothing was counted yet.".to_owned();
    }
    let scope = match figures.scope {
        Scope::Private => "This instance's own traffic, as it is.".to_owned(),
        Scope::Public { accounts, .. } => {
            format!("{} count.", site::words::count(accounts as usize, "eligible account"))
        }
    };
    let made_up = if figures.has_synthetic { " It was made up for the demo." } else { "" };
    let requests = site::words::grouped(figures.requests);
    let (version, made) = (figures.methodology, figures.made);
    format!("{scope}{made_up} {requests} requests of 90 days, by {version}, at {made}.")
}

/// `GET /feeds/rankings.xml`: the answers of the day.
pub(super) async fn feed(State(app): Shared, headers: HeaderMap) -> Response {
    let entries =
        open(&app).filter(|figures| figures.made != Timestamp::from_ms(0)).map(|figures| {
            let entry = |(name, _): &(&str, &str)| {
                let told = answer(&app, &figures, &Asked::read(name, &[], false).ok()?);
                Some(site::machine::Answer {
                    path: format!("/rankings/{name}"),
                    day: date(figures.last_day),
                    question: told.question,
                    answer: told.answer,
                })
            };
            QUESTIONS.iter().filter_map(entry).collect::<Vec<_>>()
        });
    let text = site::machine::answers(&app.public_url, &entries.unwrap_or_default());
    reply::text(&headers, "application/atom+xml; charset=utf-8", text)
}

#[cfg(test)]
mod tests {
    use traffic::figures::Subject;

    use super::*;
    use crate::shelf::ranking::OTHERS;

    #[test]
    fn every_question_of_the_api_has_a_page_and_no_page_has_another() {
        let boards = Subject::ALL.into_iter().map(Subject::word);
        let mut asked: Vec<&str> = boards.chain(OTHERS.map(|it| it.0)).collect();
        let mut pages: Vec<&str> = QUESTIONS.map(|it| it.0).to_vec();
        asked.sort_unstable();
        pages.sort_unstable();
        assert_eq!(pages, asked);
        for name in pages {
            assert_eq!(Asked::read(name, &[], true).unwrap().name(), name);
        }
    }
}
