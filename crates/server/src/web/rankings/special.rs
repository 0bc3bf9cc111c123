//! What rises, what is stable, and what is worth its price.

use domain::catalog::Catalog;
use site::chart::{Dot, cloud};
use site::ranking::{Cell, Ranking};
use site::words;
use traffic::figures::{Figures, StableProvider};

use super::super::links;
use super::parts::{dollars, known, model_cell, table};

/// Rows of a page; programs are told all.
const ROWS: usize = 60;

/// Makes the page of what rises.
pub(super) fn rising(figures: &Figures, catalog: &Catalog) -> Ranking {
    let rise: Vec<&str> =
        figures.rising.iter().filter(|it| it.is_rising).map(|it| it.model.as_str()).collect();
    let names: Vec<String> = rise.iter().map(|id| model_cell(catalog, id).text).collect();
    let answer = match names.as_slice() {
        [] if figures.rising.is_empty() => "Nine weeks of traffic are needed to tell.".to_owned(),
        [] => "Nothing rises this week beyond what chance explains.".to_owned(),
        names => format!("This week: {}.", names.join(", ")),
    };
    let cells = |it: &traffic::figures::Rising| {
        vec![
            model_cell(catalog, &it.model),
            Cell::of(if it.is_rising { "▲ rises" } else { "–" }),
            Cell::of(words::change(it.growth)),
            Cell::of(known(it.growth_without_largest, words::change)),
            Cell::of(words::change(it.account_growth)),
            Cell::of(format!("{:.1}", it.z)),
        ]
    };
    Ranking {
        question: "What is used more, and not by chance?".to_owned(),
        answer,
        table: table(
            "Rising models",
            "Growth of capped tokens over the median of the four weeks before. A model rises only \
             where it does without its largest account, too, and more accounts use it.",
            &[
                ("Model", false),
                ("Verdict", false),
                ("Growth", true),
                ("Without largest", true),
                ("Accounts", true),
                ("Spreads", true),
            ],
            figures.rising.iter().take(ROWS).map(cells).collect(),
        ),
        empty: "Nine complete weeks are needed before anything can be said to rise.".to_owned(),
        ..Ranking::default()
    }
}

/// Makes the page of who is stable.
pub(super) fn stable(figures: &Figures, catalog: &Catalog) -> Ranking {
    let name = |slug: &str| {
        let found = catalog.find_provider(slug);
        found.map_or_else(|| slug.to_owned(), |it| catalog.provider(it).display_name.clone())
    };
    let best: Vec<String> = figures
        .stable
        .iter()
        .filter(|it| it.group == Some('A'))
        .map(|it| name(&it.provider))
        .collect();
    let answer = match best.as_slice() {
        [] => "Too little was asked of every provider to tell.".to_owned(),
        [one] => format!("In the last 28 days, {one} answered more reliably than all others."),
        many => format!(
            "In the last 28 days, {} cannot be told from the best: {}.",
            words::count(many.len(), "provider"),
            many.join(", ")
        ),
    };
    let cells = |it: &StableProvider| {
        let href = Some(links::provider(&it.provider));
        vec![
            Cell { href, ..Cell::of(name(&it.provider)) },
            Cell::of(it.group.map_or_else(|| "too\u{a0}little".to_owned(), |it| it.to_string())),
            Cell::of(known(it.mean, words::floored_percent)),
            Cell::of(known(it.worst, words::floored_percent)),
            Cell::of(words::grouped(it.requests)),
            Cell::of(it.days.to_string()),
        ]
    };
    Ranking {
        question: "Who answers most reliably?".to_owned(),
        answer,
        table: table(
            "Stable providers",
            "Good requests of 28 days, rounded down. Within a group the order is alphabetical: \
             nobody in it can be told from another for sure.",
            &[
                ("Provider", false),
                ("Group", false),
                ("Good, mean of days", true),
                ("Worst day", true),
                ("Requests", true),
                ("Days", true),
            ],
            figures.stable.iter().take(ROWS).map(cells).collect(),
        ),
        notes: vec![
            "A standing needs 1,000 requests in 28 days, and 20 days with at least 30.".to_owned(),
        ],
        empty: "No provider was asked anything yet.".to_owned(),
        ..Ranking::default()
    }
}

/// Makes the page of what is worth its price.
pub(super) fn value(figures: &Figures, catalog: &Catalog) -> Ranking {
    let name = |id: &str| model_cell(catalog, id).text;
    let leads = |it: &&traffic::figures::Value| 0.5 <= it.frontier;
    let ahead: Vec<String> =
        figures.value.iter().filter(leads).take(5).map(|it| name(&it.model)).collect();
    let answer = match ahead.as_slice() {
        [] => "Too few models have both a price that was paid and a quality that was judged."
            .to_owned(),
        [one] => format!("Nothing is both cheaper and better than {one}."),
        names => format!("Nothing is both cheaper and better than these: {}.", names.join(", ")),
    };
    let dots: Vec<Dot> = figures
        .value
        .iter()
        .map(|it| Dot {
            name: name(&it.model),
            price: it.cost_nanos / 1e9,
            quality: it.quality,
            leads: leads(&it),
        })
        .collect();
    let title = "Quality (0 to 100) over dollars a request; the leading ones have names";
    let cells = |it: &traffic::figures::Value| {
        vec![
            model_cell(catalog, &it.model),
            Cell::of(dollars(it.cost_nanos.max(0.0) as u64)),
            Cell::of(format!("{:.0}", it.quality)).note(it.source),
            Cell::of(words::percent(it.frontier)),
            Cell::of(known(it.value, |it| format!("{it:.1}"))),
        ]
    };
    Ranking {
        question: "What gives the most for its price?".to_owned(),
        answer,
        chart: (!dots.is_empty()).then(|| cloud(&dots, title, |it| format!("${it}"))),
        table: table(
            "Value",
            "What a request cost in the middle, as it was run here. On the frontier: the chance \
             that no other model is both cheaper and better. Value: quality less fifteen points \
             for each tenfold price.",
            &[
                ("Model", false),
                ("A request", true),
                ("Quality", true),
                ("On the frontier", true),
                ("Value", true),
            ],
            figures.value.iter().take(ROWS).map(cells).collect(),
        ),
        empty: "No model that was used has a quality that somebody judged.".to_owned(),
        ..Ranking::default()
    }
}
