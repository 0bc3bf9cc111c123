//! Whoever reads everything that is told, on several days, and solves for what is not.

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, Variable};
use traffic::event::Event;
use traffic::figures::{Day, Figures, Order, Question, Subject, Window};

use super::crowd::{HOUSE, MODELS};
use super::told;
use super::truth::{Accounts, Truth, largest, may_show, sum};

/// What rounding down in between loses of a line, in tokens.
const LOST: f64 = 400.0;

/// Names with their factors.
type Terms = Vec<(String, f64)>;

/// Unknowns with what is known of them. Each is told apart by a name.
#[derive(Default)]
struct System {
    unknown: BTreeMap<String, (f64, f64)>,
    /// Sums of unknowns, each with a factor, between two bounds.
    lines: Vec<(Terms, f64, f64)>,
}

/// Where a number is that was rounded to three digits.
fn around(shown: u64) -> (f64, f64) {
    let half = 10_u64.pow(shown.max(1).ilog10().saturating_sub(2)) as f64 / 2.0;
    (shown as f64 - half, shown as f64 + half)
}

impl System {
    fn know(&mut self, name: String, (low, high): (f64, f64)) {
        self.unknown.insert(name, (low.max(0.0), high));
    }

    fn line(&mut self, terms: Terms, low: f64, high: f64) {
        for (name, _) in &terms {
            self.unknown.entry(name.clone()).or_insert((0.0, f64::INFINITY));
        }
        self.lines.push((terms, low, high));
    }

    /// Between which bounds an unknown is.
    fn bounds(&self, name: &str) -> (f64, f64) {
        let solve = |direction: OptimizationDirection| {
            let mut problem = Problem::new(direction);
            let variables: BTreeMap<&str, Variable> = self
                .unknown
                .iter()
                .map(|(own, bounds)| {
                    let wanted = if own == name { 1.0 } else { 0.0 };
                    (own.as_str(), problem.add_var(wanted, *bounds))
                })
                .collect();
            for (terms, low, high) in &self.lines {
                let sum: Vec<(Variable, f64)> = terms
                    .iter()
                    .map(|(name, factor)| (variables[name.as_str()], *factor))
                    .collect();
                problem.add_constraint(sum.as_slice(), ComparisonOp::Ge, *low);
                problem.add_constraint(sum.as_slice(), ComparisonOp::Le, *high);
            }
            match problem.solve() {
                Err(Error::Unbounded) => f64::INFINITY,
                solved => solved.unwrap().into_solution().unwrap().objective(),
            }
        };
        (solve(OptimizationDirection::Minimize), solve(OptimizationDirection::Maximize))
    }

    /// A cell that may not be shown stays unknown by at least what would tell its largest account
    /// to 15 %.
    fn protects(&self, name: &str, cell: &Accounts) {
        let (low, high) = self.bounds(name);
        let exact = sum(cell, 0) as f64;
        assert!(low <= exact + LOST && exact <= high + LOST, "{name}: {low} {exact} {high}");
        let width = 0.15 * largest(cell, 0) as f64;
        assert!(width <= high - low, "{name} is known: {exact} from {low} to {high}");
    }
}

/// What is told of a model on a day, in any release.
fn days(releases: &[Figures]) -> BTreeMap<(String, Day), u64> {
    let mut days = BTreeMap::new();
    for (model, told) in releases.iter().flat_map(|figures| &figures.models) {
        for (place, tokens) in told.series.tokens.iter().enumerate() {
            if let Some(tokens) = tokens.filter(|tokens| *tokens != 0) {
                days.insert((model.clone(), told.series.first + place as Day), tokens);
            }
        }
    }
    days
}

pub(super) fn recovers_nothing(releases: &[Figures], truth: &Truth) {
    let days = days(releases);
    let mut attacked = 0;
    for figures in releases {
        attacked += providers(figures, truth, &days) + apps(figures, truth, &days);
    }
    let weeks: BTreeSet<Day> =
        releases.iter().map(|figures| figures.tasks.as_ref().unwrap().first_day).collect();
    assert!(2 <= weeks.len(), "a week ends between the releases");
    for week in weeks {
        let figures = releases
            .iter()
            .find(|figures| figures.tasks.as_ref().unwrap().first_day == week)
            .unwrap();
        for kind in ["task", "language", "context", "tools", "chosen"] {
            attacked += slices(figures, truth, &days, (kind, week));
        }
    }
    eprintln!("{attacked} cells that may not be shown were attacked");
    assert!(40 < attacked, "{attacked}");
}

fn rows(figures: &Figures, question: &Question) -> BTreeMap<String, u64> {
    let board = figures.board(question).into_iter();
    board.flat_map(|it| &it.rows).map(|row| (row.name.clone(), row.tokens as u64)).collect()
}

/// Providers of a day: whoever offers a model may have served it.
fn providers(figures: &Figures, truth: &Truth, days: &BTreeMap<(String, Day), u64>) -> usize {
    let day = figures.last_day;
    let subject = Subject::Providers;
    let shown = rows(figures, &Question { subject, window: Window::Day, ..Question::first() });
    let cells = truth.parts(|event| {
        event.provider.as_ref().filter(|_| event.at.day() == day).map(ToString::to_string)
    });
    let mut system = System::default();
    let mut by_provider: BTreeMap<&str, Vec<(String, f64)>> = BTreeMap::new();
    for (model, providers) in MODELS {
        let Some(told) = days.get(&(model.to_owned(), day)) else { continue };
        let served = |provider: &&str| (format!("{model} at {provider}"), 1.0);
        let (low, high) = around(*told);
        system.line(providers.iter().map(served).collect(), low - LOST, high);
        for provider in providers {
            by_provider.entry(*provider).or_default().push(served(provider));
        }
    }
    for (provider, mut line) in by_provider {
        if let Some(told) = shown.get(provider) {
            system.know(provider.to_owned(), around(*told));
        }
        line.push((provider.to_owned(), -1.0));
        system.line(line, -LOST, LOST);
    }
    let hidden = cells.iter().filter(|(name, cell)| {
        assert!(!shown.contains_key(*name) || may_show(cell, 10));
        !may_show(cell, 10)
    });
    hidden.map(|(name, cell)| system.protects(name, cell)).count()
}

/// Applications of a day: they, and whatever came from no application that is told.
fn apps(figures: &Figures, truth: &Truth, days: &BTreeMap<(String, Day), u64>) -> usize {
    let day = figures.last_day;
    let question = Question { subject: Subject::Apps, window: Window::Day, ..Question::first() };
    let shown = rows(figures, &question);
    let cells = truth.parts(|event| {
        event.app.as_ref().filter(|_| event.at.day() == day).map(ToString::to_string)
    });
    let mut system = System::default();
    for (name, told) in &shown {
        system.know(name.clone(), around(*told));
    }
    let all = days.iter().filter(|it| it.0.1 == day).map(|it| around(*it.1));
    let (low, high) = all.fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let names = cells.keys().cloned().chain(["none".to_owned()]);
    system.line(names.map(|name| (name, 1.0)).collect(), low - LOST, high);
    let hidden =
        cells.iter().filter(|(name, cell)| !shown.contains_key(*name) && !may_show(cell, 10));
    hidden.map(|(name, cell)| system.protects(name, cell)).count()
}

/// Models within the slices of a kind in a week, with the shares of tasks.
fn slices(
    figures: &Figures,
    truth: &Truth,
    days: &BTreeMap<(String, Day), u64>,
    (kind, week): (&str, Day),
) -> usize {
    let value = |event: &Event| match kind {
        "task" => event.task.map(|tag| tag.key().to_owned()),
        "language" => event.language.as_ref().map(ToString::to_string),
        "context" => Some(event.context().word().to_owned()),
        "chosen" => event.routed.then(|| "router".to_owned()),
        _ => event.offered().map(|it| it.word().to_owned()),
    };
    let cells = truth.parts(|event| {
        let is_then = (week..week + 7).contains(&event.at.day());
        value(event).filter(|_| is_then).map(|value| (event.model.to_string(), value))
    });
    let name = |model: &str, value: &str| format!("{model} in {value}");
    let mut system = System::default();
    let mut shown = BTreeSet::new();
    for question in figures.boards.keys() {
        let (own, value) = question.slice.words();
        let is_asked = own == kind && question.window == Window::Week;
        if is_asked && question.order == Order::Tokens {
            assert_eq!(figures.boards[question].first_day, week);
            for (model, told) in rows(figures, question) {
                system.know(name(&model, value), around(told));
                shown.insert((model, value.to_owned()));
            }
        }
    }
    // Where nothing came without a value, the attacker is taken to know that.
    let without = truth.parts(|event| {
        let is_then = (week..week + 7).contains(&event.at.day());
        (is_then && value(event).is_none()).then(|| event.model.to_string())
    });
    let models: BTreeSet<&String> = cells.keys().map(|cell| &cell.0).collect();
    for model in models {
        let own = cells.keys().filter(|cell| cell.0 == **model);
        let rest = without.contains_key(model).then(|| (name(model, "no value"), 1.0));
        let line = own.map(|cell| (name(&cell.0, &cell.1), 1.0)).chain(rest);
        let told = (week..week + 7).filter_map(|day| days.get(&(model.clone(), day)));
        let around = told.map(|tokens| around(*tokens));
        let (low, high) = around.fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        system.line(line.collect(), low - LOST, high);
    }
    if kind == "task" {
        tasks(figures, &cells, &mut system, &name);
    }
    let hidden = cells.iter().filter(|(cell, accounts)| {
        !shown.contains(*cell) && !may_show(accounts, if kind == "task" { 25 } else { 10 })
    });
    hidden.map(|((model, value), cell)| system.protects(&name(model, value), cell)).count()
}

/// What shares of tasks tell: each is a part of what all tasks that are told used.
fn tasks(
    figures: &Figures,
    cells: &BTreeMap<(String, String), Accounts>,
    system: &mut System,
    name: &dyn Fn(&str, &str) -> String,
) {
    let tasks = &figures.tasks.as_ref().unwrap().tasks;
    for task in tasks {
        let own = cells.keys().filter(|cell| cell.1 == task.tag.key());
        let mut line: Vec<(String, f64)> = own.map(|cell| (name(&cell.0, &cell.1), 1.0)).collect();
        line.push((task.tag.key().to_owned(), -1.0));
        system.line(line, -LOST, LOST);
    }
    let total = |factor: f64| {
        tasks.iter().map(move |task| (task.tag.key().to_owned(), factor)).collect::<Vec<_>>()
    };
    for task in tasks {
        // Of totals that are rounded to three digits, in thousandths.
        let (low, high) = (task.tokens * 0.99 - 0.000_5, task.tokens * 1.01 + 0.000_5);
        for (share, is_low) in [(low, true), (high, false)] {
            let mut line = total(-share);
            let own = line.iter_mut().find(|it| it.0 == task.tag.key()).unwrap();
            own.1 += 1.0;
            if is_low {
                system.line(line, -LOST, f64::INFINITY);
            } else {
                system.line(line, f64::NEG_INFINITY, LOST);
            }
        }
    }
}

/// What stands in no cell that is told bears on no figure at all.
pub(super) fn what_is_kept_back_changes_nothing(figures: &Figures, events: &[Event]) {
    let change = |event: &Event| {
        let mut event = event.clone();
        let times = match (&*event.account, &*event.model) {
            (HOUSE, _) => 2,
            (_, "d/small") => 3,
            _ => 1,
        };
        event.tokens.input *= times;
        event.list_nanos += event.list_prompt_nanos * u64::from(times - 1);
        event.list_prompt_nanos *= u64::from(times);
        event
    };
    let changed: Vec<Event> = events.iter().map(change).collect();
    let other = told(&changed, figures.last_day);
    assert_eq!(figures.models, other.models);
    assert_eq!(figures.boards, other.boards);
    assert_eq!(figures.tasks, other.tasks);
    assert!(*figures == other, "figures tell of what is kept back");
}
