//! `/models`: the list with filters in its address, its twins, and the models of one author.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::failure::Failure;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode};
use site::models::{Author, Choice, Field, Group, Models};
use site::{Link, Section, words};

use super::listed::{listed, released};
use super::missing::missing;
use super::page::{MARKDOWN, Pairs, Shared, frame, pairs, twins};
use super::{linked, links, plain, reply};
use crate::app::App;
use crate::shelf::kept::{Shelf, shelf};
use crate::shelf::listing::listing;
use crate::shelf::order::sort;
use crate::shelf::page::Page;
use crate::shelf::query::Query;
use crate::shelf::row;
use crate::shelf::sheet;
use crate::shelf::wanted::Wanted;

/// Rows of a page, where the query does not say.
const ROWS: usize = 60;

type Fields = Vec<(String, String)>;

/// A field of the query, its value, and what people read.
type Tick = (&'static str, &'static str, &'static str);

/// The ticks, in groups with a legend.
const TICKS: [(&str, &[Tick]); 5] = [
    (
        "Reads",
        &[
            ("input_modalities", "image", "Images"),
            ("input_modalities", "audio", "Audio"),
            ("input_modalities", "video", "Video"),
            ("input_modalities", "file", "Files"),
        ],
    ),
    (
        "Writes",
        &[
            ("output_modalities", "image", "Images"),
            ("output_modalities", "speech", "Speech"),
            ("output_modalities", "embeddings", "Embeddings"),
        ],
    ),
    (
        "Can",
        &[
            ("supported_parameters", "tools", "Tools"),
            ("supported_parameters", "structured_outputs", "JSON schema"),
            ("supported_parameters", "reasoning", "Reasoning"),
        ],
    ),
    ("Prompts", &[("zdr", "true", "Nothing is kept")]),
    ("Here", &[("available", "all", "Also what needs a credential")]),
];

const TEXTS: [(&str, &str, &str); 6] = [
    ("q", "Name contains", "kimi"),
    ("max_price", "Input at most, $ per M", "0.50"),
    ("max_output_price", "Output at most, $ per M", "2"),
    ("context", "Context at least, tokens", "128000"),
    ("model_authors", "Authors", "openai, mistralai"),
    ("providers", "Providers", "groq, together"),
];

/// A field of the query of which one value holds, its legend, and the values with their words.
type List = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const LISTS: [List; 2] = [
    ("region", "Prompts stay in", &[("", "Anywhere"), ("eu", "The EU"), ("us", "The US")]),
    (
        "sort",
        "Order",
        &[
            ("", "As in the catalog"),
            ("newest", "Newest first"),
            ("pricing-low-to-high", "Cheapest first"),
            ("pricing-high-to-low", "Dearest first"),
            ("context-high-to-low", "Longest context first"),
        ],
    ),
];

/// `GET /models`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap, query: Pairs) -> Response {
    let asked = pairs(query);
    let fields = links::normal(&asked);
    if let [(name, id)] = fields.as_slice()
        && name == "q"
        && app.current().snapshot.catalog.find_model(id).is_some()
    {
        return reply::see_other(&links::model(id));
    }
    let shelf = shelf(&app.current().snapshot, app.now());
    let (page, is_well) = match view(&shelf, &fields, &asked, app.now()) {
        Ok(page) => (page, true),
        Err(failure) => (unread(failure, &fields), false),
    };
    let lede = page.lede.clone();
    let here = shelf.rows.iter().filter(|row| row.available).count();
    let title = format!("{} with prices and providers", words::count(here, "model"));
    let mut frame = frame(&app, Section::Models, "/models", &title, &lede);
    frame.indexed = fields.len() < 2;
    frame.twins = twins("/models", &links::query(&fields));
    let rows = page.rows.iter().map(|row| &row.link);
    frame.linked = is_well.then(|| linked::list(&app.public_url, rows));
    let status = if is_well { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    reply::html_with(&headers, status, frame.page(&page.html()))
}

/// The page of a query that cannot be read, with what is wrong about it.
fn unread(failure: Failure, fields: &Fields) -> Models {
    Models {
        lede: "The filters cannot be read.".to_owned(),
        fault: Some(failure.detail),
        fields: texts(fields),
        lists: lists(fields),
        kept: kept(fields),
        ..Models::default()
    }
}

fn found<'a>(shelf: &'a Shelf, wanted: &Wanted, now: Timestamp) -> Vec<&'a row::Row> {
    shelf.rows.iter().filter(|row| wanted.admits(row, now)).collect()
}

fn count(shelf: &Shelf, fields: &Fields, now: Timestamp) -> Option<usize> {
    let wanted = Wanted::read(Query(fields)).ok()?;
    Some(shelf.rows.iter().filter(|row| wanted.admits(row, now)).count())
}

/// Makes the list. `asked` is the whole query, of which `fields` are those that narrow it.
pub(super) fn view(
    shelf: &Shelf,
    fields: &Fields,
    asked: &Fields,
    now: Timestamp,
) -> Result<Models, Failure> {
    let wanted = Wanted::read(Query(asked))?;
    let mut rows = found(shelf, &wanted, now);
    sort(&mut rows, wanted.order);
    let page = wanted.page.unwrap_or(Page { offset: 0, limit: ROWS });
    let shown = page.of(&rows);
    let query = links::query(fields);
    let here = shelf.rows.iter().filter(|row| row.available).count();
    let total = shelf.rows.len();
    let first = page.offset.min(rows.len()) + usize::from(!shown.is_empty());
    let counted = format!("{first} to {} of {}", page.offset + shown.len(), rows.len());
    let previous = (0 < page.offset).then(|| {
        let offset = page.offset.saturating_sub(page.limit);
        let mut before = fields.clone();
        before.push(("offset".to_owned(), offset.to_string()));
        before.push(("limit".to_owned(), page.limit.to_string()));
        links::address("/models", &before)
    });
    Ok(Models {
        lede: format!(
            "{} can be called here, of {} in the catalog. Those that write text are listed, unless \
             “Writes” asks for others.",
            words::count(here, "model"),
            words::grouped(total as u64)
        ),
        groups: groups(shelf, fields, now),
        fields: texts(fields),
        lists: lists(fields),
        kept: kept(fields),
        active: active(fields),
        fault: None,
        hints: if rows.is_empty() { hints(shelf, fields, now) } else { Vec::new() },
        counted: if shown.is_empty() { words::count(rows.len(), "model") } else { counted },
        rows: shown.iter().map(|row| listed(row)).collect(),
        previous,
        next: page.next("/models", &query, rows.len()),
        csv: links::address("/models.csv", fields),
    })
}

fn has(fields: &Fields, name: &str, value: &str) -> bool {
    fields.iter().any(|field| field.0 == name && field.1.eq_ignore_ascii_case(value))
}

fn groups(shelf: &Shelf, fields: &Fields, now: Timestamp) -> Vec<Group> {
    let choice = |(name, value, word): &Tick| {
        let left = count(shelf, &links::with(fields, name, value), now).unwrap_or(0);
        Choice {
            name,
            value: (*value).to_owned(),
            word: (*word).to_owned(),
            count: words::grouped(left as u64),
            chosen: has(fields, name, value),
        }
    };
    TICKS
        .iter()
        .map(|(legend, ticks)| Group { legend, choices: ticks.iter().map(choice).collect() })
        .collect()
}

fn texts(fields: &Fields) -> Vec<Field> {
    let value = |name: &str| {
        let values = fields.iter().filter(|field| field.0 == name);
        values.map(|field| field.1.as_str()).collect::<Vec<_>>().join(", ")
    };
    TEXTS
        .iter()
        .map(|(name, word, example)| Field { name, word, value: value(name), example })
        .collect()
}

fn lists(fields: &Fields) -> Vec<Group> {
    let list = |(name, legend, values): &List| {
        let given = fields.iter().find(|field| field.0 == *name).map_or("", |field| &field.1);
        let choice = |(value, word): &(&str, &str)| Choice {
            name,
            value: (*value).to_owned(),
            word: (*word).to_owned(),
            count: String::new(),
            chosen: given.eq_ignore_ascii_case(value),
        };
        Group { legend, choices: values.iter().map(choice).collect() }
    };
    LISTS.iter().map(list).collect()
}

fn ticks() -> impl Iterator<Item = &'static Tick> {
    TICKS.iter().flat_map(|(_, ticks)| ticks.iter())
}

/// The fields that no part of the form shows. The form sends them along, or they would be lost.
fn kept(fields: &Fields) -> Fields {
    let is_shown = |(name, value): &&(String, String)| {
        ticks().any(|tick| tick.0 == name && tick.1.eq_ignore_ascii_case(value))
            || TEXTS.iter().any(|text| text.0 == name)
            || LISTS.iter().any(|list| list.0 == name)
    };
    fields.iter().filter(|field| !is_shown(field)).cloned().collect()
}

/// What a filter is called where it can be taken away.
fn word_of((name, value): &(String, String)) -> String {
    let tick = ticks().find(|tick| tick.0 == name && tick.1.eq_ignore_ascii_case(value));
    let text = TEXTS.iter().find(|text| text.0 == name);
    let listed = LISTS.iter().find(|list| list.0 == name).and_then(|list| {
        let (_, word) = list.2.iter().find(|known| known.0.eq_ignore_ascii_case(value))?;
        Some(format!("{}: {word}", list.1))
    });
    match (tick, text, listed) {
        (Some(tick), _, _) => tick.2.to_owned(),
        (None, Some(text), _) => format!("{}: {value}", text.1),
        (None, None, Some(words)) => words,
        (None, None, None) => format!("{}: {value}", name.replace('_', " ")),
    }
}

fn active(fields: &Fields) -> Vec<Link> {
    let filters = fields.iter().filter(|field| field.0 != "sort");
    filters
        .map(|field| Link {
            word: word_of(field),
            href: links::address("/models", &links::without(fields, field)),
        })
        .collect()
}

/// What is left when one filter is taken away.
fn hints(shelf: &Shelf, fields: &Fields, now: Timestamp) -> Vec<Link> {
    let mut hints = Vec::new();
    for field in fields.iter().filter(|field| field.0 != "sort") {
        let rest = links::without(fields, field);
        if let Some(left) = count(shelf, &rest, now).filter(|left| 0 < *left) {
            let word = format!("Without “{}”: {}", word_of(field), words::count(left, "model"));
            hints.push(Link { word, href: links::address("/models", &rest) });
        }
    }
    if !has(fields, "available", "all") {
        let rest = links::with(fields, "available", "all");
        if let Some(left) = count(shelf, &rest, now).filter(|left| 0 < *left) {
            let word = format!("With what needs a credential: {}", words::count(left, "model"));
            hints.push(Link { word, href: links::address("/models", &rest) });
        }
    }
    hints
}

/// `GET /models.json`: as `GET /api/v1/models`.
pub(super) async fn json(State(app): Shared, headers: HeaderMap, query: Pairs) -> Response {
    let asked = pairs(query);
    let shelf = shelf(&app.current().snapshot, app.now());
    match Wanted::read(Query(&asked)) {
        Ok(wanted) => {
            let rows = found(&shelf, &wanted, app.now());
            let query = links::query(&links::normal(&asked));
            reply::json(&headers, &listing(rows, &wanted, "/models.json", &query))
        }
        Err(failure) => reply::refused(&headers, &failure),
    }
}

const HEAD: [&str; 8] = [
    "id",
    "name",
    "input_usd_per_million",
    "output_usd_per_million",
    "context",
    "released",
    "providers",
    "available",
];

/// `GET /models.csv`.
pub(super) async fn csv(State(app): Shared, headers: HeaderMap, query: Pairs) -> Response {
    match cells(&app, query) {
        Ok(rows) => reply::text(&headers, "text/csv; charset=utf-8", sheet::written(&HEAD, &rows)),
        Err(failure) => reply::refused(&headers, &failure),
    }
}

/// `GET /models.md`.
pub(super) async fn markdown(State(app): Shared, headers: HeaderMap, query: Pairs) -> Response {
    match cells(&app, query) {
        Ok(rows) => {
            let table = site::machine::markdown_table(&HEAD, &rows);
            reply::text(&headers, MARKDOWN, format!("# Models\n\n{table}"))
        }
        Err(failure) => reply::refused(&headers, &failure),
    }
}

/// The rows of a table for programs: exact figures, nothing where nothing is known.
fn cells(app: &App, query: Pairs) -> Result<Vec<Vec<String>>, Failure> {
    let asked = pairs(query);
    let wanted = Wanted::read(Query(&asked))?;
    let shelf = shelf(&app.current().snapshot, app.now());
    let mut rows = found(&shelf, &wanted, app.now());
    sort(&mut rows, wanted.order);
    let shown = wanted.page.map_or(rows.as_slice(), |page| page.of(&rows));
    let cells = |row: &&row::Row| {
        vec![
            row.id.clone(),
            row.name.clone(),
            plain::per_million(row.prompt),
            plain::per_million(row.completion),
            plain::number(row.context),
            row.created.map(|_| released(row)).unwrap_or_default(),
            row.offers.len().to_string(),
            row.available.to_string(),
        ]
    };
    Ok(shown.iter().map(cells).collect())
}

/// `GET /models/{author}`: everything of one author.
pub(super) async fn author(
    State(app): Shared,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    let shelf = shelf(&app.current().snapshot, app.now());
    let of_author = |row: &&row::Row| row.id.split('/').next() == Some(name.as_str());
    let mut rows: Vec<&row::Row> = shelf.rows.iter().filter(of_author).collect();
    let path = links::author(&name);
    if rows.is_empty() {
        return missing(&app, &headers, &format!("/models/{name}"));
    }
    sort(&mut rows, crate::shelf::order::Order::Newest);
    let here = rows.iter().filter(|row| row.available).count();
    let lede = format!(
        "{} by {name}, the newest first. {here} of them can be called here.",
        words::count(rows.len(), "model")
    );
    let title = format!("{name}: {}", words::count(rows.len(), "model"));
    let mut frame = frame(&app, Section::Models, &path, &title, &lede);
    let page = Author { name, lede, rows: rows.iter().map(|row| listed(row)).collect() };
    frame.linked = Some(linked::list(&app.public_url, page.rows.iter().map(|row| &row.link)));
    reply::html(&headers, frame.page(&page.html()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::samples::{NOON, sample};

    fn shown(query: &str) -> Models {
        let asked: Fields = query
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let (shelf, now) = (sample().at(NOON, Shelf::new), Timestamp::parse(NOON).unwrap());
        view(&shelf, &links::normal(&asked), &asked, now).unwrap()
    }

    fn ids(page: &Models) -> Vec<&str> {
        page.rows.iter().map(|row| row.id.as_str()).collect()
    }

    #[test]
    fn the_list_and_the_api_let_the_same_models_through() {
        assert_eq!(ids(&shown("")), ["acme/talker"]);
        let all = shown("available=all&sort=newest");
        assert_eq!(ids(&all), ["acme/thinker", "acme/talker", "acme/riddle"]);
        assert_eq!(ids(&shown("available=all&supported_parameters=tools")), ["acme/talker"]);
    }

    #[test]
    fn a_tick_says_how_many_models_it_would_leave() {
        let page = shown("available=all");
        let tick = |word: &str| {
            let choices = page.groups.iter().flat_map(|group| &group.choices);
            choices.filter(|it| it.word == word).map(|it| it.count.clone()).next().unwrap()
        };
        assert_eq!([tick("Tools"), tick("Reasoning"), tick("Nothing is kept")], ["1", "1", "1"]);
    }

    #[test]
    fn a_filter_that_holds_can_be_taken_away() {
        let page = shown("q=talk&supported_parameters=tools");
        let links: Vec<&str> = page.active.iter().map(|link| link.href.as_str()).collect();
        assert_eq!(links, ["/models?supported_parameters=tools", "/models?q=talk"]);
        assert_eq!(page.active[1].word, "Tools");
    }

    #[test]
    fn what_the_form_has_no_field_for_is_sent_along() {
        let page =
            shown("q=a&min_price=0.1&model_authors=acme&region=eu&input_modalities=text&zdr=true");
        let kept: Vec<&str> = page.kept.iter().map(|field| field.0.as_str()).collect();
        assert_eq!(kept, ["input_modalities", "min_price"]);
        let [region, _] = page.lists.as_slice() else { panic!("two lists") };
        let chosen: Vec<&str> =
            region.choices.iter().filter(|it| it.chosen).map(|it| it.word.as_str()).collect();
        assert_eq!(chosen, ["The EU"]);
    }

    #[test]
    fn an_empty_list_says_what_stands_in_the_way() {
        let page = shown("q=talk&region=us&zdr=true");
        assert!(page.rows.is_empty());
        let words: Vec<&str> = page.hints.iter().map(|hint| hint.word.as_str()).collect();
        assert!(words.contains(&"Without “Prompts stay in: The US”: 1 model"), "{words:?}");
    }

    #[test]
    fn pages_lead_to_each_other() {
        let page = shown("available=all&offset=1&limit=1");
        assert_eq!(page.counted, "2 to 2 of 3");
        assert_eq!(page.previous.as_deref(), Some("/models?available=all&offset=0&limit=1"));
        assert_eq!(page.next.as_deref(), Some("/models?available=all&offset=2&limit=1"));
    }

    #[test]
    fn a_row_is_told_in_words() {
        let page = shown("");
        insta::assert_debug_snapshot!(page.rows[0]);
    }
}
