//! Every number against its rule.

use std::collections::{BTreeMap, BTreeSet};

use traffic::event::Event;
use traffic::figures::{
    BoardRow, Day, Figures, Order, Question, Scope, Service, Slice, Subject, Window,
};

use super::crowd::{MODELS, VERIFIED};
use super::truth::{Accounts, Truth, is_rounded, may_show, sum};
use crate::plain;

pub(super) fn hold(figures: &Figures, truth: &Truth, events: &[Event]) {
    let last = figures.last_day;
    let accounts = truth.eligible(last) as u32;
    assert!((60..=80).contains(&accounts), "{accounts}");
    assert_eq!(figures.scope, Scope::Public { accounts, accounts_min: 50 });
    nobody_is_named(figures);
    days_of_models_are_what_counts(figures, truth);
    boards_follow_from_what_is_told(figures);
    votes_are_of_what_callers_chose_themselves(figures, truth);
    days_of_providers_and_apps_are_what_counts(figures, truth);
    slices_are_told_where_they_may_be(figures, truth);
    tasks_and_the_models_of_each_have_enough_behind_them(figures, truth);
    service_is_told_of_what_many_used_and_by_its_size(figures, truth, events);
    numbers_have_few_digits(figures);
}

fn nobody_is_named(figures: &Figures) {
    let text = format!("{figures:?}");
    let hidden = ["d/small", "d/free", "unproven", "young", "unpaid", "house", "account-"];
    for name in hidden {
        let at = text.find(name).map(|at| &text[at.saturating_sub(200)..at + 40]);
        assert_eq!(at, None, "{name}");
    }
    assert!(text.contains("c/fifth") && text.contains(VERIFIED[0]));
}

fn days_of_models_are_what_counts(figures: &Figures, truth: &Truth) {
    let (mut told, mut kept_back) = (0, 0);
    for (model, figures) in &figures.models {
        let series = &figures.series;
        for (place, tokens) in series.tokens.iter().enumerate() {
            let name = (model.clone(), series.first + place as Day);
            let Some(cell) = truth.cells.get(&name) else {
                assert_eq!(*tokens, Some(0), "{name:?}");
                continue;
            };
            assert_eq!(tokens.is_some(), may_show(cell, 10), "{name:?}");
            let three = [*tokens, series.spend_nanos[place], series.requests[place]];
            for (measure, shown) in three.into_iter().enumerate() {
                let Some(shown) = shown else { continue };
                assert!(is_rounded(shown, sum(cell, measure)), "{name:?} {shown} {cell:?}");
                told += 1;
            }
            kept_back += usize::from(tokens.is_none());
        }
    }
    assert!(1_000 < told && 20 < kept_back, "{told} {kept_back}");
}

fn boards_follow_from_what_is_told(figures: &Figures) {
    for (question, board) in &figures.boards {
        assert!(question.order != Order::RawTokens, "{question:?}");
        assert!(!matches!(question.slice, Slice::App(_)), "{question:?}");
        assert_eq!(board.other_tokens, None);
        let value = |row: &BoardRow| match question.order {
            Order::Spend => row.spend_nanos as f64,
            Order::Accounts => f64::from(row.accounts),
            _ => row.tokens,
        };
        let all: f64 = board.rows.iter().map(value).sum();
        for row in &board.rows {
            assert_eq!((row.raw_tokens, row.largest_share), (None, None));
            assert!(10 <= row.accounts, "{question:?} {row:?}");
            if question.order != Order::Voice {
                assert!((row.share - value(row) / all).abs() <= 0.000_6, "{question:?} {row:?}");
            }
        }
    }
    for window in Window::ALL {
        let board = &figures.boards[&Question { window, ..Question::first() }];
        assert_eq!(board.last_day - board.first_day + 1, window.days());
        for row in &board.rows {
            let series = &figures.models[&row.name].series;
            let days = |told: &[Option<u64>]| -> u64 {
                told.iter().rev().take(window.days() as usize).flatten().sum()
            };
            assert_eq!(row.tokens, days(&series.tokens) as f64, "{}", row.name);
            assert_eq!(row.spend_nanos, days(&series.spend_nanos));
            assert_eq!(row.requests, days(&series.requests));
        }
    }
}

fn votes_are_of_what_callers_chose_themselves(figures: &Figures, truth: &Truth) {
    for window in Window::ALL {
        let board = |order| &figures.boards[&Question { window, order, ..Question::first() }];
        let (votes, tokens) = (board(Order::Voice), board(Order::Tokens));
        let days = votes.first_day..=votes.last_day;
        let mut chosen = truth.parts(|event| {
            let is_own = !event.routed && days.contains(&event.at.day());
            is_own.then(|| event.model.to_string())
        });
        chosen.retain(|_, accounts| may_show(accounts, 10));
        let names: BTreeSet<&String> = votes.rows.iter().map(|row| &row.name).collect();
        assert_eq!(names, chosen.keys().collect::<BTreeSet<_>>(), "{window:?}");
        let whole = |account: &String| -> u64 {
            chosen.values().filter_map(|it| it.get(account)).map(|it| it.1[0]).sum()
        };
        let own = |accounts: &Accounts| -> f64 {
            accounts.iter().map(|(who, it)| it.1[0] as f64 / whole(who).max(1) as f64).sum()
        };
        let all: f64 = chosen.values().map(own).sum();
        for row in &votes.rows {
            let share = own(&chosen[&row.name]) / all;
            assert!((row.share - share).abs() <= 0.002, "{window:?} {row:?} {share}");
            let same = tokens.rows.iter().find(|other| other.name == row.name).unwrap();
            assert_eq!((row.tokens, row.accounts), (same.tokens, same.accounts));
        }
    }
}

fn days_of_providers_and_apps_are_what_counts(figures: &Figures, truth: &Truth) {
    let day = figures.last_day;
    let on_day = |event: &Event| event.at.day() == day;
    let providers = truth
        .parts(|event| event.provider.as_ref().filter(|_| on_day(event)).map(ToString::to_string));
    let apps =
        truth.parts(|event| event.app.as_ref().filter(|_| on_day(event)).map(ToString::to_string));
    for (subject, parts) in [(Subject::Providers, providers), (Subject::Apps, apps)] {
        let question = Question { subject, window: Window::Day, ..Question::first() };
        let board = &figures.boards[&question];
        let told = board.rows.len();
        assert!(1 < told && told < parts.len(), "{subject:?} {:?}", board.rows);
        for row in &board.rows {
            let cell = &parts[&row.name];
            assert!(may_show(cell, 10), "{row:?}");
            assert!(is_rounded(row.tokens as u64, sum(cell, 0)), "{row:?} {cell:?}");
        }
    }
    let names: BTreeSet<&str> = figures.apps.iter().map(|app| app.url.as_str()).collect();
    assert_eq!(names, VERIFIED[..2].iter().copied().collect());
}

/// What is behind a slice of a model in the last complete week.
fn behind(truth: &Truth, slice: &Slice, first: Day) -> BTreeMap<String, Accounts> {
    let (kind, value) = slice.words();
    truth.parts(|event| {
        let is_in = match kind {
            "task" => event.task.is_some_and(|tag| tag.key() == value),
            "group" => event.task.is_some_and(|tag| tag.group().key() == value),
            "language" => event.language.as_deref() == Some(value),
            "context" => event.context().word() == value,
            "chosen" => event.routed,
            _ => event.offered().is_some_and(|it| it.word() == value),
        };
        let is_then = (first..first + 7).contains(&event.at.day());
        (is_in && is_then).then(|| event.model.to_string())
    })
}

fn slices_are_told_where_they_may_be(figures: &Figures, truth: &Truth) {
    let (mut told, mut kept_back) = (0, 0);
    for (question, board) in &figures.boards {
        let is_asked = question.slice != Slice::All && question.window == Window::Week;
        if !is_asked || question.order != Order::Tokens {
            continue;
        }
        assert_eq!((board.first_day + 3) % 7, 0, "weeks begin on Mondays");
        let parts = behind(truth, &question.slice, board.first_day);
        let is_group = matches!(question.slice, Slice::Group(_));
        let least =
            if matches!(question.slice, Slice::Task(_) | Slice::Group(_)) { 25 } else { 10 };
        for row in &board.rows {
            let cell = &parts[&row.name];
            assert!(may_show(cell, least), "{question:?} {row:?}");
            if !is_group {
                assert!(is_rounded(row.tokens as u64, sum(cell, 0)), "{question:?} {row:?}");
                assert!(is_rounded(row.requests, sum(cell, 2)), "{question:?} {row:?}");
            }
            told += 1;
        }
        kept_back += parts.values().filter(|cell| !may_show(cell, least)).count();
    }
    assert!(30 < told && 10 < kept_back, "{told} {kept_back}");
    // One account has nearly all of it.
    let slice = Slice::Language("deu".to_owned());
    let question = Question { slice, ..Question::first() };
    let names: Vec<&str> = figures
        .board(&question)
        .into_iter()
        .flat_map(|board| &board.rows)
        .map(|row| row.name.as_str())
        .collect();
    assert!(!names.contains(&"a/broad"), "{names:?}");
}

fn tasks_and_the_models_of_each_have_enough_behind_them(figures: &Figures, truth: &Truth) {
    let tasks = figures.tasks.as_ref().unwrap();
    assert_eq!(tasks.last_day - tasks.first_day, 6);
    assert!(3 <= tasks.tasks.len());
    let (mut told, mut all) = (0, 0);
    for task in &tasks.tasks {
        let parts = behind(truth, &Slice::Task(task.tag), tasks.first_day);
        let mut together: BTreeSet<&String> = BTreeSet::new();
        for (model, cell) in &parts {
            all += 1;
            together.extend(cell.keys());
            let is_told = task.models.iter().any(|it| it.0 == *model);
            told += usize::from(is_told);
            assert!(!is_told || may_show(cell, 25), "{task:?} {model}");
        }
        assert!(25 <= together.len());
    }
    assert!(3 < told && told < all, "{told} of {all}");
    for (model, figures) in &figures.models {
        for (tag, _) in &figures.tasks {
            let parts = behind(truth, &Slice::Task(*tag), tasks.first_day);
            assert!(may_show(&parts[model], 25), "{model} {tag:?}");
        }
    }
}

fn is_size(count: u64) -> bool {
    count == 0 || count == 10_u64.pow(count.ilog10())
}

fn service_is_told_of_what_many_used_and_by_its_size(
    figures: &Figures,
    truth: &Truth,
    events: &[Event],
) {
    let mut used: BTreeMap<(String, Day), BTreeSet<&str>> = BTreeMap::new();
    for event in events.iter().filter(|event| plain::counts(event)) {
        if truth.is_eligible(&event.account, event.at.day()) {
            let endpoint = event.endpoint.as_ref().unwrap().to_string();
            used.entry((endpoint, event.at.day())).or_default().insert(&event.account);
        }
    }
    let (mut told, mut untold) = (0, 0);
    for (name, endpoint) in figures.endpoints.iter().chain(&figures.providers) {
        assert_eq!((&endpoint.last_5m, &endpoint.last_30m), (&None, &None), "{name}");
        for day in &endpoint.days {
            assert!(is_size(day.tries), "{name} {day:?}");
            assert!(day.day <= figures.last_day);
            let Some(accounts) = used.get(&(name.clone(), day.day)) else { continue };
            assert!(day.tries == 0 || 10 <= accounts.len(), "{name} {day:?}");
            told += usize::from(day.tries != 0);
            untold += usize::from(day.tries == 0);
        }
        for service in [&endpoint.last_1d, &endpoint.last_90d] {
            let Service { tries, busy, ttft_ms, speed, .. } = service;
            let counts = [*tries, *busy].into_iter();
            let all = counts.chain(ttft_ms.map(|it| it.count)).chain(speed.map(|it| it.count));
            assert!(all.into_iter().all(is_size), "{name} {service:?}");
        }
        if let Some(paid) = endpoint.paid {
            let told = (paid.prompt_tokens, paid.output_tokens, paid.cache_saved_nanos);
            assert_eq!(told, (None, None, None));
        }
    }
    assert!(300 < told && 30 < untold, "{told} {untold}");
    assert!(!figures.endpoints.contains_key("lone/d/small"));
    for provider in &figures.stable {
        assert!(is_size(provider.requests), "{provider:?}");
    }
    assert!(!figures.stable.is_empty());
}

fn has_digits(number: f64, places: i32) -> bool {
    let scaled = number * 10_f64.powi(places);
    (scaled - scaled.round()).abs() < 1e-6
}

fn numbers_have_few_digits(figures: &Figures) {
    for row in figures.boards.values().flat_map(|board| &board.rows) {
        let unit = 10_f64.powi(1 - row.effective_users.max(1.0).log10().floor() as i32);
        assert!(has_digits(row.share, 3) && has_digits(row.effective_users * unit, 0), "{row:?}");
        if let Some(change) = row.change {
            assert!(has_digits(change.growth, 3) && has_digits(change.low, 2));
        }
    }
    assert!(figures.boards[&Question::first()].rows.iter().any(|row| row.change.is_some()));
    for rising in &figures.rising {
        assert_eq!(rising.growth_without_largest, None);
        assert!(has_digits(rising.growth, 3) && has_digits(rising.z, 1), "{rising:?}");
    }
    assert!(!figures.rising.is_empty() && !figures.value.is_empty());
    for value in &figures.value {
        assert!(has_digits(value.quality, 0) && has_digits(value.frontier, 2), "{value:?}");
    }
    for cheapest in figures.cheapest.values() {
        for hour in &cheapest.hours {
            assert!(hour.effect.is_none_or(|effect| has_digits(effect, 2)));
        }
    }
    let models: BTreeSet<&str> = MODELS.iter().map(|model| model.0).collect();
    assert!(figures.cheapest.keys().all(|model| models.contains(model.as_str())));
}

/// A day that was told once is told the same, or no more: else two releases would tell what came
/// between.
pub(super) fn nothing_is_told_anew(releases: &[Figures]) {
    for pair in releases.windows(2) {
        for (model, later) in &pair[1].models {
            let Some(earlier) = pair[0].models.get(model) else { continue };
            let (now, then) = (&later.series, &earlier.series);
            let shift = (now.first - then.first) as usize;
            let same = |now: &[Option<u64>], then: &[Option<u64>]| {
                assert_eq!(then[shift..], now[..now.len() - shift], "{model}");
            };
            same(&now.tokens, &then.tokens);
            same(&now.requests, &then.requests);
            same(&now.spend_nanos, &then.spend_nanos);
        }
        for app in &pair[1].apps {
            let earlier = pair[0].apps.iter().find(|it| it.id == app.id).unwrap();
            assert_eq!(earlier.series.tokens[1..], app.series.tokens[..89]);
        }
    }
}
