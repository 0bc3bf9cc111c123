//! When models are cheap: as it was paid, and as it is posted.

use domain::catalog::Catalog;
use site::chart::{Shade, heat};
use site::ranking::{Cell, Ranking, Tab};
use site::words;
use traffic::figures::{Cheapest, Figures};

use super::super::links;
use super::parts::{model_cell, table};
use crate::shelf::ranking::{Asked, hours as told};

/// Rows of a page; programs are told all.
const ROWS: usize = 60;

type Told<'a> = (&'a String, &'a Cheapest);

/// Makes the page of when it is cheap, with the map of one model: the one that is asked for, or the
/// first.
pub(super) fn hours(figures: &Figures, catalog: &Catalog, model: Option<&str>) -> Ranking {
    let told = told(figures, model);
    let map = |(id, it): Told<'_>| {
        let name = model_cell(catalog, id).text;
        heat(&shades(it), &format!("{name}, UTC: the stronger, the cheaper; outlined: for sure"))
    };
    let name = |id: &str| model_cell(catalog, id).text;
    let known = model.filter(|_| !told.is_empty());
    Ranking {
        question: match known {
            Some(model) => format!("When is {} cheapest?", name(model)),
            None => "When is it cheapest?".to_owned(),
        },
        answer: answer(&told, catalog, model),
        controls: controls(figures, catalog, model),
        chart: told.first().copied().map(map),
        table: table(
            "Cheap hours",
            "Hours are UTC. “As paid” compares each hour with its week over twelve weeks and names \
             what is cheaper for sure; “posted” are endpoints that announce hours.",
            &[
                ("Model", false),
                ("As paid", false),
                ("Posted", false),
                ("Weeks", true),
                ("Hours", false),
            ],
            told.iter().take(ROWS).map(|told| cells(told, catalog)).collect(),
        ),
        empty:
            "No endpoint that is known here has a price by the hour, and what was paid does not \
                depend on it."
                .to_owned(),
        ..Ranking::default()
    }
}

/// The first models of which something is told, and all of them.
fn controls(
    figures: &Figures,
    catalog: &Catalog,
    model: Option<&str>,
) -> Vec<(&'static str, Vec<Tab>)> {
    let all = told(figures, None);
    let choice = |(id, _): &Told<'_>| Tab {
        word: model_cell(catalog, id).text,
        href: address(id),
        chosen: model == Some(id),
    };
    let whole = Tab {
        word: "all models".to_owned(),
        href: "/rankings/hours".to_owned(),
        chosen: model.is_none(),
    };
    match all.len() {
        0 => Vec::new(),
        1 if model.is_none() => Vec::new(),
        _ => vec![("Of", [whole].into_iter().chain(all.iter().take(12).map(choice)).collect())],
    }
}

fn answer(told: &[Told<'_>], catalog: &Catalog, model: Option<&str>) -> String {
    let deepest = told.iter().filter_map(|(id, it)| Some((*id, it.spans.first()?)));
    let is_posted = told.iter().any(|(_, it)| !it.posted.is_empty());
    match (deepest.min_by(|a, b| a.1.effect.total_cmp(&b.1.effect)), model) {
        (Some((id, span)), _) => {
            let when = spoken(span.start, span.hours, span.effect);
            format!("{} is cheapest {when}.", model_cell(catalog, id).text)
        }
        (None, Some(_)) if is_posted => {
            "It has posted hours; what was paid shows none yet.".to_owned()
        }
        (None, Some(_)) => "Its price does not depend on the hour, as far as is known.".to_owned(),
        (None, None) if told.is_empty() => "No model's price depends on the hour.".to_owned(),
        (None, None) => format!(
            "{} have posted hours; what was paid shows none yet.",
            words::count(told.len(), "model")
        ),
    }
}

fn cells((id, it): &Told<'_>, catalog: &Catalog) -> Vec<Cell> {
    let spoken = it.spans.iter().take(3).map(|it| spoken(it.start, it.hours, it.effect));
    let spans: Vec<String> = spoken.collect();
    let posted = words::count(it.posted.len(), "endpoint");
    vec![
        model_cell(catalog, id),
        Cell::of(if spans.is_empty() { "–".to_owned() } else { spans.join("; ") }),
        Cell::of(if it.posted.is_empty() { "–".to_owned() } else { posted }),
        Cell::of(it.weeks.to_string()),
        Cell { href: Some(address(id)), ..Cell::of("map") },
    ]
}

fn address(model: &str) -> String {
    links::address("/rankings/hours", &Asked::Hours(Some(model.to_owned())).pairs())
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Says a run of hours: `Mon 16:00 for 8 h: −45 %`.
fn spoken(start: usize, hours: usize, effect: f64) -> String {
    let (day, hour) = (DAYS[start / 24 % 7], start % 24);
    format!("{day} {hour:02}:00 for {hours} h: {}", words::change(effect))
}

/// The hours of a week: as they were paid, or where nobody paid enough as they are posted.
fn shades(it: &Cheapest) -> Vec<Shade> {
    let paid: Vec<Option<f64>> = it.hours.iter().map(|hour| hour.effect).collect();
    let posted = it.posted.first().map(|posted| {
        let mean = posted.basket_nanos.iter().sum::<u64>() as f64
            / posted.basket_nanos.len().max(1) as f64;
        let effect = |nanos: &u64| (0.0 < mean).then(|| *nanos as f64 / mean - 1.0);
        posted.basket_nanos.iter().map(effect).collect::<Vec<_>>()
    });
    let effects = if paid.iter().any(Option::is_some) { paid } else { posted.unwrap_or(paid) };
    let effects: Vec<Option<f64>> = (0..168).map(|it| effects.get(it).copied().flatten()).collect();
    let known = || effects.iter().flatten().copied();
    let (low, high) = (known().reduce(f64::min), known().reduce(f64::max));
    let shade = |(place, effect): (usize, &Option<f64>)| {
        let depth = effect.zip(low.zip(high)).map(|(effect, (low, high))| {
            let part = if low < high { (high - effect) / (high - low) } else { 0.0 };
            1 + (part * 6.0).round() as u8
        });
        Shade {
            depth,
            marked: it.hours.get(place).is_some_and(|hour| hour.is_cheap),
            says: format!(
                "{} {:02}:00: {}",
                DAYS[place / 24],
                place % 24,
                effect.map(words::change).unwrap_or_default()
            ),
        }
    };
    effects.iter().enumerate().map(shade).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_hours_is_told_by_its_day_and_length() {
        assert_eq!(spoken(16, 8, -0.45), "Mon 16:00 for 8 h: −45 %");
    }

    #[test]
    fn the_cheapest_hour_is_the_darkest_and_an_unknown_one_is_none() {
        let mut it = Cheapest::default();
        assert!(shades(&it).iter().all(|shade| shade.depth.is_none()));
        let mut basket_nanos = vec![200; 168];
        basket_nanos[3] = 100;
        it.posted = vec![traffic::figures::PostedHours { endpoint: "e".to_owned(), basket_nanos }];
        let shades = shades(&it);
        assert_eq!((shades.len(), shades[3].depth, shades[4].depth), (168, Some(7), Some(1)));
    }
}
