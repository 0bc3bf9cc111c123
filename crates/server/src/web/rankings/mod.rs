//! `/rankings`: one question a page, answered in a sentence, with its twins. `/apps` is one of
//! them.
//!
//! A page, its CSV, its JSON and its Markdown are made from one [`View`], and that from the figures
//! that the API tells.

mod ask;
mod boards;
mod hours;
mod special;
mod uses;
mod view;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode, Uri};
use site::ranking::{Method, Ranking, Tab};
use site::{Link, Section, Twin};
use traffic::figures::{Figures, Scope, Subject};

use super::links::METHODOLOGY;
use super::missing::missing;
use super::page::{MARKDOWN, Pairs, Shared, frame, is_demo, pairs, twins};
use super::{docs, linked, reply, sheet};
use crate::app::App;
use crate::shelf::traffic::open;
use ask::Ask;
use view::View;
pub(super) use view::{date, model_cell};

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
    let asked = Ask::read(&pairs(query));
    let figures = open(&app);
    let view = match &figures {
        Some(figures) => answer(&app, figures, name, &asked),
        None if is_demo(&app) => unwritten(word),
        None => closed(word),
    };
    match ending {
        "" => page(&app, &headers, name, &asked, view),
        "json" => reply::json(&headers, &view.json(figures.as_deref())),
        "csv" => {
            let (head, rows) = view.cells();
            reply::text(&headers, "text/csv; charset=utf-8", sheet::written(&head, &rows))
        }
        "md" => {
            let (head, rows) = view.cells();
            let table = site::machine::markdown_table(&head, &rows);
            let said = site::machine::plain;
            let (question, answer) = (said(&view.page.question), said(&view.page.answer));
            reply::text(&headers, MARKDOWN, format!("# {question}\n\n{answer}\n\n{table}"))
        }
        _ => missing(&app, &headers, &format!("/rankings/{name}.{ending}")),
    }
}

fn answer(app: &App, figures: &Figures, name: &str, asked: &Ask) -> View {
    let catalog = &app.current().snapshot.catalog;
    // Posted hours are no traffic.
    if let Some(lacks) = lacking(figures).filter(|_| name != "hours") {
        let word = QUESTIONS.iter().find(|known| known.0 == name).map_or(name, |known| known.1);
        return few(word, lacks);
    }
    let subject = Subject::ALL.into_iter().find(|subject| subject.word() == name);
    match (subject, name) {
        (Some(Subject::Apps), _) => uses::apps(figures),
        (Some(subject), _) => boards::board(figures, catalog, subject, asked),
        (None, "tasks") => uses::tasks(figures),
        (None, "rising") => special::rising(figures, catalog),
        (None, "stable") => special::stable(figures, catalog),
        (None, "value") => special::value(figures, catalog),
        (None, _) => hours::hours(figures, catalog, asked.model.as_deref()),
    }
}

/// What is said where figures are not for everybody.
fn closed(word: &str) -> View {
    let page = Ranking {
        question: word.to_owned(),
        answer: "The traffic of this instance is not shown to everybody.".to_owned(),
        empty: "With a key, GET /api/v1/rankings tells it. The operator opens these pages with \
                `figures = true` under `[site]`, or to the world by the rules of rk-1 with \
                `enabled = true` under `[public]`."
            .to_owned(),
        ..Ranking::default()
    };
    View { page, rows: Vec::new() }
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
fn few(word: &str, lacks: String) -> View {
    let page = Ranking {
        question: word.to_owned(),
        answer: lacks,
        empty: "An account is eligible that came seven days ago or earlier, was active on three \
                days, and paid five dollars, all in ninety days. With fewer of them, figures would \
                tell what single ones do."
            .to_owned(),
        ..Ranking::default()
    };
    View { page, rows: Vec::new() }
}

/// What is said while the traffic of the demo is being made up.
fn unwritten(word: &str) -> View {
    let page = Ranking {
        question: word.to_owned(),
        answer: "The traffic of this demo is being made up.".to_owned(),
        empty: "Ninety days of it take some seconds. Look again in half a minute.".to_owned(),
        ..Ranking::default()
    };
    View { page, rows: Vec::new() }
}

fn page(app: &App, headers: &HeaderMap, name: &str, asked: &Ask, view: View) -> Response {
    let mut page = view.page;
    let figures = open(app);
    page.tabs = tabs(name);
    page.provenance = figures.as_deref().map(provenance).unwrap_or_default();
    let section = if name == "apps" { Section::Apps } else { Section::Rankings };
    let own = path(name).to_owned() + if name == "models" || name == "apps" { "" } else { name };
    let mut frame = frame(app, section, &own, &page.question, &page.answer);
    frame.indexed = asked.is_plain();
    frame.title = headline(name, &page);
    frame.linked = figures.as_deref().map(|figures| {
        linked::dataset(&app.public_url, name, (&page.question, &page.answer), figures)
    });
    frame.twins = twins(&format!("/rankings/{name}"), &asked.query());
    frame.twins.push(Twin {
        word: "Atom",
        content_type: "application/atom+xml",
        href: "/feeds/rankings.xml".to_owned(),
    });
    reply::html_with(headers, StatusCode::OK, frame.page(&page.html()))
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
        href: path(other).to_owned()
            + if *other == "models" || *other == "apps" { "" } else { other },
        chosen: *other == name,
    };
    let method = Tab {
        word: "Methodology".to_owned(),
        href: METHODOLOGY.to_owned(),
        chosen: name == "methodology",
    };
    QUESTIONS.iter().map(question).chain([method]).collect()
}

fn path(name: &str) -> &'static str {
    match name {
        "models" => "/rankings",
        "apps" => "/apps",
        _ => "/rankings/",
    }
}

/// Returns what some questions are answered with, each with its page; nothing where nothing was
/// counted, or it is not for everybody.
pub(super) fn answers(app: &App, names: &[&str]) -> Vec<(Link, String)> {
    let figures = open(app).filter(|figures| figures.requests != 0);
    let answered = |name: &&str| {
        let view = answer(app, figures.as_deref()?, name, &Ask::default());
        let href = path(name).to_owned() + if *name == "models" { "" } else { name };
        Some((Link { word: view.page.question, href }, view.page.answer))
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
                let view = answer(&app, &figures, name, &Ask::default());
                site::machine::Answer {
                    path: format!("/rankings/{name}"),
                    day: date(figures.last_day),
                    question: view.page.question,
                    answer: view.page.answer,
                }
            };
            QUESTIONS.iter().map(entry).collect::<Vec<_>>()
        });
    let text = site::machine::answers(&app.public_url, &entries.unwrap_or_default());
    reply::text(&headers, "application/atom+xml; charset=utf-8", text)
}
