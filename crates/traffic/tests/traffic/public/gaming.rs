//! Whoever tries to buy a rank moves no honest row by more than is documented, on the whole path.

use std::collections::BTreeMap;

use traffic::event::Event;
use traffic::figures::{Day, Figures, Question, Window};

use super::crowd::{self, Ask, CROWD, HOUSE, Lots, MODELS};
use super::told;
use super::truth::{Accounts, Truth};
use crate::world::TODAY;

const DAYS: Day = 45;
const LAST: Day = TODAY - 1;
const TARGET: &str = "c/fifth";

fn ask<'a>(account: &'a str, model: &'a str, day: Day, prompt: u32) -> Ask<'a> {
    Ask {
        account,
        model,
        day,
        prompt,
        cached: 0,
        output: 500,
        task: "translation",
        language: "eng",
        app: None,
        tools: 0,
        is_paid: true,
    }
}

fn attacked(honest: &[Event], asks: &[Ask<'_>]) -> Figures {
    let mut lots = Lots::new(7);
    let mut events = honest.to_vec();
    events.extend(asks.iter().map(|ask| crowd::event(ask, &mut lots)));
    told(&events, LAST)
}

/// Tokens of the last month, by model.
fn rows(figures: &Figures) -> BTreeMap<String, (f64, u32)> {
    let question = Question { window: Window::Month, ..Question::first() };
    let rows = &figures.boards[&question].rows;
    rows.iter().map(|row| (row.name.clone(), (row.tokens, row.rank))).collect()
}

/// The most that one account more lifts each cell: `(1 − k·s) / (1 − (k + 1)·s)`, where `k`
/// accounts are cut already to the part `s` that one may be.
fn bounds(honest: &Truth) -> BTreeMap<(String, Day), f64> {
    let bound = |(name, cell): (&(String, Day), &Accounts)| {
        let s = f64::max(0.02, 2.0 / cell.len() as f64);
        let cut = cell.values().filter(|(used, counts)| counts[0] < used[0]).count() as f64;
        let free = 1.0 - (cut + 1.0) * s;
        (name.clone(), if free <= 0.0 { f64::INFINITY } else { (1.0 - cut * s) / free })
    };
    honest.cells.iter().map(bound).collect()
}

/// Holds the days of a model to their bounds, and returns by how much the last 30 were lifted.
fn lifted(before: &Figures, after: &Figures, model: &str, honest: &Truth) -> f64 {
    let bounds = bounds(honest);
    let (then, now) = (&before.models[model].series, &after.models[model].series);
    let mut sums = (0, 0);
    for (place, tokens) in then.tokens.iter().enumerate() {
        let Some(tokens) = tokens.filter(|tokens| *tokens != 0) else { continue };
        let lifted = now.tokens[place].expect("a day that was told is told");
        let day = then.first + place as Day;
        // Both are rounded, by half a percent at most.
        let bound = bounds[&(model.to_owned(), day)] * 1.011;
        let lift = lifted as f64 / tokens as f64;
        assert!((0.95..=bound).contains(&lift), "{model} {day}: {lift} of {bound}");
        sums = (sums.0 + tokens, sums.1 + lifted);
    }
    sums.1 as f64 / sums.0 as f64
}

#[test]
fn no_honest_row_moves_by_more_than_its_bound_whoever_pays_for_it() {
    let honest: Vec<Event> = (TODAY - DAYS..TODAY).flat_map(crowd::day).collect();
    let truth = Truth::of(&honest);
    let told_before = told(&honest, LAST);
    let before = rows(&told_before);
    assert!(5 <= before.len(), "{before:?}");
    let days = || TODAY - DAYS..TODAY;

    // A whale, aged and paying, that uses one model without end.
    let whale: Vec<Ask<'_>> =
        days().flat_map(|day| vec![ask("whale", TARGET, day, 4_000_000_000); 3]).collect();
    let after = attacked(&honest, &whale);
    others_stand_still(&before, &rows(&after));
    let lift = lifted(&told_before, &after, TARGET, &truth);
    eprintln!("a whale lifts its model by {lift:.3}");
    assert!(1.0 < lift && lift < 1.5, "{lift}");

    // A wash trader that uses every model.
    let trader = days()
        .flat_map(|day| MODELS.iter().map(move |model| ask("trader", model.0, day, 3_000_000_000)));
    let after = attacked(&honest, &trader.collect::<Vec<_>>());
    for model in before.keys() {
        let lift = lifted(&told_before, &after, model, &truth);
        eprintln!("a wash trader lifts {model} by {lift:.3}");
    }

    // A thousand accounts that were made up in the last week, each with five dollars.
    let names: Vec<String> = (0..1_000).map(|number| format!("sybil-{number}")).collect();
    let sybils = names
        .iter()
        .flat_map(|name| (TODAY - 6..TODAY).map(move |day| ask(name, TARGET, day, 40_000)));
    let after = rows(&attacked(&honest, &sybils.collect::<Vec<_>>()));
    assert_eq!(after, before, "accounts that are too young count nowhere");

    // The lab itself, declared by the operator.
    let lab = days().flat_map(|day| vec![ask(HOUSE, TARGET, day, 3_000_000_000); 3]);
    assert_eq!(rows(&attacked(&honest, &lab.collect::<Vec<_>>())), before);

    // Thirty old ones that paid: what they used counts for their model, and nowhere else.
    let names: Vec<String> = (0..30).map(|number| format!("aged-{number}")).collect();
    let aged = names
        .iter()
        .flat_map(|name| days().step_by(5).map(move |day| ask(name, TARGET, day, 60_000)));
    let asks: Vec<Ask<'_>> = aged.collect();
    let after = rows(&attacked(&honest, &asks));
    others_stand_still(&before, &after);
    let added = asks.len() as f64 * 60_500.0;
    assert!(before[TARGET].0 < after[TARGET].0);
    assert!(
        after[TARGET].0 <= (before[TARGET].0 + added) * 1.2 + CROWD as f64,
        "nothing is multiplied"
    );
}

fn others_stand_still(before: &BTreeMap<String, (f64, u32)>, after: &BTreeMap<String, (f64, u32)>) {
    for (model, (tokens, rank)) in before.iter().filter(|it| it.0 != TARGET) {
        assert!((after[model].0 - tokens).abs() < 0.5, "{model}");
        // Whoever is passed by the target goes down by that place, and no further.
        assert!((*rank..=rank + 1).contains(&after[model].1), "{model}");
    }
}
