//! `/apps/{address}`: one application, and its twins.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::Catalog;
use http::HeaderMap;
use serde_json::json;
use site::app::AppPage;
use site::chart::{Course, Lines};
use site::ranking::{Cell, Table};
use site::{Fact, Link, Section, words};
use traffic::figures::{App as Application, Figures, date};

use super::missing::missing;
use super::page::{MARKDOWN, Shared, frame, twins};
use super::rankings::{model_cell, provenance};
use super::{links, reply};
use crate::app::App;
use crate::shelf::sheet;
use crate::shelf::traffic::open;

/// Models that are shown.
const ROWS: usize = 20;

/// `GET /apps/{address}`: the address of an application without `https://`; with `.json`, `.csv` or
/// `.md` at its end the same for programs.
pub(super) async fn one(
    State(app): Shared,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    let figures = open(&app).unwrap_or_default();
    let find = |name: &str| figures.apps.iter().find(|it| links::app_name(&it.url) == name);
    if let Some(known) = find(&name) {
        return page(&app, &headers, &figures, known);
    }
    let twin = name.rsplit_once('.').and_then(|(name, ending)| Some((find(name)?, ending)));
    match twin {
        Some((known, "json")) => reply::json(&headers, &spoken(&figures, known)),
        Some((known, "csv")) => {
            let rows = cells(known);
            reply::text(&headers, "text/csv; charset=utf-8", sheet::written(&HEAD, &rows))
        }
        Some((known, "md")) => {
            let table = site::machine::markdown_table(&HEAD, &cells(known));
            let said = site::machine::plain;
            let (title, answer) =
                (said(&known.title), said(&answer(&app.current().snapshot.catalog, known)));
            let url = known.url.replace('`', "");
            reply::text(&headers, MARKDOWN, format!("# {title}\n\n`{url}`\n\n{answer}\n\n{table}"))
        }
        _ => missing(&app, &headers, &format!("/apps/{name}")),
    }
}

fn page(app: &App, headers: &HeaderMap, figures: &Figures, known: &Application) -> Response {
    let page = view(app, figures, known);
    let path = links::app(&known.url);
    let title = format!("{}: {}", known.title, tokens(known));
    let mut frame = frame(app, Section::Apps, &path, &title, &page.answer);
    frame.twins = twins(&path, "");
    reply::html(headers, frame.page(&page.html()))
}

fn tokens(known: &Application) -> String {
    format!("{} tokens in 30 days", words::large(known.tokens as f64))
}

/// A model that an application used: its tokens, and its share of them.
struct Used<'a> {
    model: &'a str,
    tokens: u64,
    share: f64,
}

/// The models that an application used in 30 days, the most used first. Where figures are for
/// everybody they are not told.
fn used(known: &Application) -> Vec<Used<'_>> {
    let share = |tokens: u64| tokens as f64 / known.tokens.max(1) as f64;
    let used = known.models.iter();
    used.map(|(model, tokens)| Used { model, tokens: *tokens, share: share(*tokens) }).collect()
}

/// The last seven days against the seven before them; `None` where a day may not be told, or there
/// was nothing before.
fn change(known: &Application) -> Option<f64> {
    let week = |back: usize| {
        let days = known.series.tokens.iter().rev().skip(back).take(7);
        days.copied().sum::<Option<u64>>().filter(|sum| *sum != 0)
    };
    Some(week(0)? as f64 / week(7)? as f64 - 1.0)
}

fn answer(catalog: &Catalog, known: &Application) -> String {
    let used = used(known);
    let most = used.first().map_or_else(String::new, |it| {
        let name = model_cell(catalog, it.model).text;
        format!(", {} of them with {name}", words::percent(it.share))
    });
    let asked = known.tasks.first().map_or_else(String::new, |(tag, share)| {
        format!(" {} of its requests were for {}.", words::percent(*share), tag.label())
    });
    format!("In 30 days it used {} tokens{most}.{asked}", words::large(known.tokens as f64))
}

fn view(app: &App, figures: &Figures, known: &Application) -> AppPage {
    let catalog = &app.current().snapshot.catalog;
    let used = used(known);
    let row = |(rank, it): (u32, &Used<'_>)| {
        vec![
            Cell::of(rank.to_string()),
            model_cell(catalog, it.model),
            Cell::of(words::large(it.tokens as f64)),
            Cell::of(words::percent(it.share)),
        ]
    };
    let rank = figures.apps.iter().position(|it| it.url == known.url).map_or(0, |it| it + 1);
    let of = words::count(figures.apps.len(), "app");
    let change = change(known).map_or_else(|| "–".to_owned(), words::change);
    let series = &known.series;
    let day = |place: usize| date(series.first + place as i64);
    let values = series.tokens.iter().map(|it| it.map(|it| it as f64)).collect();
    AppPage {
        title: known.title.clone(),
        url: known.url.clone(),
        answer: answer(catalog, known),
        facts: vec![
            Fact::new("Tokens", words::large(known.tokens as f64), "in 30 days"),
            Fact::new("Requests", words::grouped(known.requests), "in 30 days"),
            Fact::new("Change", change, "seven days against the seven before"),
            Fact::new("Place", rank.to_string(), format!("of {of}")),
        ],
        line: Lines {
            title: tokens(known),
            days: (0..series.tokens.len()).map(day).collect(),
            courses: vec![Course { name: "Tokens".to_owned(), values }],
            say: Some(words::large),
            ..Lines::default()
        },
        models: Table {
            name: "Table of models",
            caption: String::new(),
            columns: vec![("Rank", true), ("Model", false), ("Tokens", true), ("Share", true)],
            rows: (1..).zip(used.iter().take(ROWS)).map(row).collect(),
        },
        tasks: known
            .tasks
            .iter()
            .take(10)
            .map(|(tag, share)| {
                let field = ("task".to_owned(), tag.key().to_owned());
                let href = links::address("/rankings", &[field]);
                (Link { word: tag.label().to_owned(), href }, words::percent(*share))
            })
            .collect(),
        standing: if known.is_verified {
            "The address is known to be its own.".to_owned()
        } else {
            "Whoever sent the requests says so; nobody checked the address.".to_owned()
        },
        provenance: provenance(figures),
    }
}

/// Returns it for programs.
fn spoken(figures: &Figures, known: &Application) -> serde_json::Value {
    let used = used(known);
    let model =
        |it: &Used<'_>| json!({ "model": it.model, "tokens": it.tokens, "share": it.share });
    let models: Vec<_> = used.iter().map(model).collect();
    let tasks: Vec<_> = known
        .tasks
        .iter()
        .map(|(tag, share)| json!({ "tag": tag.key(), "share": share }))
        .collect();
    let day = |(place, tokens): (i64, &Option<u64>)| {
        let date = date(known.series.first + place);
        json!({ "date": date, "tokens": tokens })
    };
    json!({
        "data": {
            "app_id": known.id,
            "app_name": known.title,
            "app_url": known.url,
            "verified": known.is_verified,
            "tokens": known.tokens,
            "requests": known.requests,
            "change": change(known),
            "models": models,
            "tasks": tasks,
            "days": (0..).zip(&known.series.tokens).map(day).collect::<Vec<_>>(),
        },
        "meta": {
            "as_of": figures.made.to_string(),
            "version": figures.methodology,
            "last_day": date(figures.last_day),
            "synthetic": figures.has_synthetic,
        },
    })
}

const HEAD: [&str; 3] = ["model", "tokens", "share"];

/// The models of an application, in a table for programs.
fn cells(known: &Application) -> Vec<Vec<String>> {
    let cells =
        |it: &Used<'_>| vec![it.model.to_owned(), it.tokens.to_string(), it.share.to_string()];
    used(known).iter().map(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_held_against_the_one_before_and_not_against_what_is_kept_back() {
        let app = |tokens: &[Option<u64>]| {
            let mut app = Application::default();
            app.series.tokens = tokens.to_vec();
            change(&app)
        };
        let (before, now) = ([Some(10); 7], [Some(15); 7]);
        assert_eq!(app(&[before, now].concat()), Some(0.5));
        assert_eq!(app(&[[Some(0); 7], now].concat()), None, "nothing before");
        assert_eq!(app(&[[None; 7], now].concat()), None, "kept back");
        assert_eq!(app(&now), None);
    }
}
