//! `/compare`: models side by side.

use axum::extract::State;
use axum::response::Response;
use domain::catalog::{Catalog, Modality, ModelIx};
use domain::nearest::nearest;
use domain::time::Timestamp;
use http::HeaderMap;
use relay::Snapshot;
use site::compare::{Column, Compare, Line, Unknown};
use site::{Link, Section, words};
use traffic::figures::Figures;

use super::links::names;
use super::listed::released;
use super::offer::{NONE, per_million, tokens};
use super::page::{Pairs, Shared, frame, pairs};
use super::{health, links, reply};
use crate::shelf::kept::{Shelf, shelf};
use crate::shelf::row::Row;
use crate::shelf::traffic::open;

/// `GET /compare?m=a,b`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap, query: Pairs) -> Response {
    let names = names(&pairs(query));
    let snapshot = app.current().snapshot.clone();
    let shelf = shelf(&snapshot, app.now());
    let figures = open(&app);
    let fares = |place| Fares::of(&snapshot, figures.as_deref(), place, app.now());
    let page = view(&snapshot.catalog, &shelf, &names, fares);
    let ids: Vec<&str> = page.models.iter().map(|model| model.id.as_str()).collect();
    let path = if ids.is_empty() { "/compare".to_owned() } else { links::compare(&ids) };
    let mut frame = frame(&app, Section::Compare, &path, "Compare models", "Models side by side.");
    frame.indexed = ids.is_empty();
    if !ids.is_empty() {
        frame.title = page
            .models
            .iter()
            .map(|model| model.link.word.clone())
            .collect::<Vec<_>>()
            .join(" or ");
    }
    reply::html(&headers, frame.page(&page.html()))
}

fn view(
    catalog: &Catalog,
    shelf: &Shelf,
    names: &[String],
    fares: impl Fn(ModelIx) -> Fares,
) -> Compare {
    let mut places: Vec<ModelIx> = Vec::new();
    let mut strangers: Vec<&str> = Vec::new();
    for name in names {
        match catalog.find_model(name) {
            Some(place) if places.contains(&place) => (),
            Some(place) => places.push(place),
            None => strangers.push(name),
        }
    }
    let ids: Vec<&str> = places.iter().map(|place| catalog.model(*place).id.as_str()).collect();
    let unknown = |name: &&str| {
        let near = nearest(name, catalog.models().iter().map(|model| model.id.as_str()), 1);
        let nearest = near.first().map(|near| {
            let all: Vec<&str> = ids.iter().copied().chain([*near]).collect();
            Link { word: (*near).to_owned(), href: links::compare(&all) }
        });
        Unknown { name: (*name).to_owned(), nearest }
    };
    let column = |place: &ModelIx| {
        let model = catalog.model(*place);
        let rest: Vec<&str> = ids.iter().copied().filter(|id| *id != model.id).collect();
        Column {
            link: Link { word: model.name.clone(), href: links::model(&model.id) },
            id: model.id.clone(),
            without: if rest.is_empty() { "/compare".to_owned() } else { links::compare(&rest) },
        }
    };
    let rows: Vec<(&Row, Fares)> =
        places.iter().map(|place| (shelf.row(*place), fares(*place))).collect();
    Compare {
        models: places.iter().map(column).collect(),
        lines: lines(&rows),
        unknown: strangers.iter().map(unknown).collect(),
        examples: examples(shelf),
    }
}

/// What the best of a model's endpoints was measured to do; `None` where none was.
#[derive(Clone, Copy, Default)]
struct Fares {
    /// Milliseconds to the first token, in the middle.
    first_token: Option<u64>,
    /// Tokens a second, in the middle.
    speed: Option<u64>,
    /// Hundredths of a percent of a day's requests.
    uptime: Option<u64>,
}

impl Fares {
    fn of(snapshot: &Snapshot, figures: Option<&Figures>, model: ModelIx, now: Timestamp) -> Fares {
        let mut fares = Fares::default();
        for place in snapshot.callable(model) {
            let it = health::measured(snapshot, figures, *place, now);
            let first_token = it.latency_last_30m.map(|it| u64::from(it.p50));
            let known = [fares.first_token, first_token];
            fares.first_token = known.into_iter().flatten().min();
            fares.speed = fares.speed.max(it.throughput_last_30m.map(|it| u64::from(it.p50)));
            fares.uptime = fares.uptime.max(it.uptime_last_1d.map(u64::from));
        }
        fares
    }
}

/// The three newest models that can be called here, in pairs.
fn examples(shelf: &Shelf) -> Vec<Link> {
    let mut chats: Vec<&Row> = shelf.rows.iter().filter(|row| row.available && row.chats).collect();
    chats.sort_by_key(|row| std::cmp::Reverse(row.created));
    let pairs = chats.windows(2).take(3);
    pairs
        .map(|two| Link {
            word: format!("{} or {}", two[0].name, two[1].name),
            href: links::compare(&[&two[0].id, &two[1].id]),
        })
        .collect()
}

/// What is compared; a line of which nothing is known of any model is left out.
fn lines(rows: &[(&Row, Fares)]) -> Vec<Line> {
    let (rows, fares): (Vec<&Row>, Vec<Fares>) = rows.iter().copied().unzip();
    let mut lines = every_line(&rows);
    // Beside the prices, before what a model is.
    lines.splice(2..2, measured(&fares));
    lines.retain(|line| line.cells.iter().any(|cell| !cell.is_empty()));
    lines
}

fn measured(fares: &[Fares]) -> Vec<Line> {
    let line = |label, figures: Vec<Option<u64>>, is_more_better, say: fn(u64) -> String| Line {
        label,
        best: best(&figures, is_more_better),
        cells: match figures.iter().any(Option::is_some) {
            true => figures.iter().map(|it| it.map_or_else(|| NONE.to_owned(), say)).collect(),
            false => Vec::new(),
        },
    };
    let of = |figure: fn(&Fares) -> Option<u64>| fares.iter().map(figure).collect();
    let ms = |ms| words::duration(u32::try_from(ms).unwrap_or(u32::MAX));
    let percent = |share| format!("{}.{:02} %", share / 100, share % 100);
    vec![
        line("First token, fastest endpoint", of(|it| it.first_token), false, ms),
        line("Tokens a second, fastest endpoint", of(|it| it.speed), true, words::grouped),
        line("Uptime of a day, best endpoint", of(|it| it.uptime), true, percent),
    ]
}

fn every_line(rows: &[&Row]) -> Vec<Line> {
    let least = |label, figures: Vec<Option<u64>>, cells| Line {
        label,
        cells,
        best: best(&figures, false),
    };
    let most =
        |label, figures: Vec<Option<u64>>, cells| Line { label, cells, best: best(&figures, true) };
    let picos = |rate: Option<domain::price::Rate>| rate.map(domain::price::Rate::picos);
    let told = |label, cell: fn(&Row) -> String| Line {
        label,
        cells: rows.iter().map(|row| cell(row)).collect(),
        best: Vec::new(),
    };
    vec![
        least(
            "Input, $ per million",
            rows.iter().map(|row| picos(row.prompt)).collect(),
            rows.iter().map(|row| per_million(row.prompt)).collect(),
        ),
        least(
            "Output, $ per million",
            rows.iter().map(|row| picos(row.completion)).collect(),
            rows.iter().map(|row| per_million(row.completion)).collect(),
        ),
        most(
            "Context",
            rows.iter().map(|row| row.context.map(u64::from)).collect(),
            rows.iter().map(|row| tokens(row.context)).collect(),
        ),
        most(
            "Endpoints",
            rows.iter().map(|row| Some(row.offers.len() as u64)).collect(),
            rows.iter().map(|row| words::grouped(row.offers.len() as u64)).collect(),
        ),
        told("Released", released),
        told("Reads", |row| modalities(&row.inputs)),
        told("Writes", |row| modalities(&row.outputs)),
        told("Tools", |row| yes(row.parameters.contains(&"tools"))),
        told("JSON schema", |row| yes(row.parameters.contains(&"structured_outputs"))),
        told("Reasoning", |row| yes(row.parameters.contains(&"reasoning"))),
        told("An endpoint that keeps nothing", |row| {
            yes(row.offers.iter().any(|offer| offer.keeps_nothing))
        }),
        told("Can be called here", |row| yes(row.available)),
        told("What it is", |row| row.description.clone()),
    ]
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn modalities(all: &[Modality]) -> String {
    if all.is_empty() {
        NONE.to_owned()
    } else {
        all.iter().map(|it| it.word()).collect::<Vec<_>>().join(", ")
    }
}

/// The places of the best figure; none where fewer than two are known, or all are the same.
fn best(figures: &[Option<u64>], is_more_better: bool) -> Vec<usize> {
    let known: Vec<u64> = figures.iter().copied().flatten().collect();
    let best = if is_more_better { known.iter().max() } else { known.iter().min() };
    let Some(best) = best.filter(|best| 1 < known.len() && known.iter().any(|it| it != *best))
    else {
        return Vec::new();
    };
    (0..figures.len()).filter(|place| figures[*place] == Some(*best)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_of_one_is_told_and_what_was_of_none_is_left_out() {
        let slow = Fares { first_token: Some(1_400), speed: Some(40), uptime: None };
        let told = measured(&[slow, Fares { first_token: Some(300), ..Fares::default() }]);
        assert_eq!(told[0].cells, ["1.4 s", "300 ms"]);
        assert_eq!((told[0].best.as_slice(), told[1].best.len()), ([1].as_slice(), 0));
        assert_eq!(told[1].cells, ["40", NONE]);
        assert!(told[2].cells.is_empty());
    }

    #[test]
    fn the_best_is_marked_where_there_is_a_choice() {
        assert_eq!(best(&[Some(3), Some(1), None, Some(1)], false), [1, 3]);
        assert_eq!(best(&[Some(3), Some(1)], true), [0]);
        assert!(
            best(&[Some(3), Some(3)], true).is_empty() && best(&[Some(3), None], false).is_empty()
        );
    }
}
