//! Figures against the recount.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use classify::Tag;
use traffic::event::{Context, Event, Offered};
use traffic::figures::make::Terms;
use traffic::figures::{Cloaked, Day, Figures, Order, Question, Service, Slice, Subject, Window};

use crate::plain::{self, Count, count};
use crate::world::{self, NOW, TODAY, filled, homes, terms, wait};

type Filter<'a> = &'a dyn Fn(&Event) -> bool;

/// Two hundred thousand events over seventy days, and the figures made from them: those of the
/// files, to which those of the other store are held first.
fn seen() -> &'static (Vec<Event>, Figures) {
    static SEEN: OnceLock<(Vec<Event>, Figures)> = OnceLock::new();
    SEEN.get_or_init(|| {
        let events = world::events(11, 70, 5_000);
        assert!(200_000 <= events.len(), "{}", events.len());
        let mut made: Vec<Figures> = homes()
            .iter()
            .map(|home| {
                wait(async { world::figures(&filled(home, &events).await, &terms()).await })
            })
            .collect();
        for other in &mut made {
            // Numbers of applications are each store's own.
            other.apps.iter_mut().for_each(|app| app.id = 0);
        }
        let figures = made.remove(0);
        for other in made {
            assert_eq!(figures.boards, other.boards);
            assert!(figures == other, "the stores differ beside the boards");
        }
        (events, figures)
    })
}

/// One test, for every test is a process of its own and would make the figures again.
#[test]
fn every_figure_is_what_a_recount_of_the_events_says() {
    boards_of_all_requests_are_what_is_counted();
    boards_of_slices_are_what_is_counted();
    changes_are_those_of_complete_weeks();
    endpoints_served_as_is_counted();
    every_day_of_an_endpoint_has_the_percentiles_of_that_day();
    what_was_paid_is_what_is_counted();
    series_of_models_are_what_is_counted_day_by_day();
    tasks_and_apps_are_what_is_counted();
    providers_stand_by_their_good_days();
    the_model_that_everybody_takes_up_in_the_last_week_rises();
}

fn within(days: Day) -> impl Iterator<Item = &'static Event> {
    seen().0.iter().filter(move |event| TODAY - days < event.at.day())
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

/// Holds every board of a subject and slice to what was counted.
fn hold(subject: Subject, slice: &Slice, window: Window, counted: &BTreeMap<String, Count>) {
    let orders = if *slice == Slice::All {
        Order::ALL.to_vec()
    } else {
        vec![Order::Tokens, Order::Spend, Order::Accounts]
    };
    for order in orders {
        let question = Question { subject, slice: slice.clone(), window, order };
        let board = seen().1.board(&question);
        let board = board.unwrap_or_else(|| panic!("no board for {question:?}"));
        assert_eq!(board.rows.len(), counted.len(), "{question:?}");
        for row in &board.rows {
            let count = &counted[&row.name];
            let told = (row.raw_tokens, row.spend_nanos, row.requests, row.accounts as usize);
            let plain = (count.tokens(), count.list, count.requests, count.accounts.len());
            assert_eq!(told, plain, "{question:?} {}", row.name);
            assert!(near(row.tokens, count.capped()), "{question:?} {} {count:?}", row.name);
            let largest = *count.accounts.values().max().unwrap() as f64 / count.tokens() as f64;
            assert!(near(row.largest_share.unwrap(), largest));
            assert_eq!(row.is_concentrated, 0.2 < largest);
        }
        let by = |name: &str| {
            let count = &counted[name];
            match order {
                Order::Tokens => Some(count.capped()),
                Order::RawTokens => Some(count.tokens() as f64),
                Order::Accounts => Some(count.accounts.len() as f64),
                Order::Spend | Order::Voice => None,
            }
        };
        for (place, pair) in board.rows.windows(2).enumerate() {
            assert_eq!(pair[0].rank as usize, place + 1);
            if let (Some(above), Some(below)) = (by(&pair[0].name), by(&pair[1].name)) {
                assert!(below <= above * (1.0 + 1e-9), "{question:?} {}", pair[0].name);
            }
        }
        let shares: f64 = board.rows.iter().map(|row| row.share).sum();
        assert!(near(shares, 1.0), "{question:?} {shares}");
    }
}

fn boards_of_all_requests_are_what_is_counted() {
    for window in Window::ALL {
        let events = || within(window.days());
        let models = count(events(), |event| Some(event.model.to_string()));
        hold(Subject::Models, &Slice::All, window, &models);
        let author = |event: &Event| Some(event.model.split('/').next().unwrap().to_owned());
        hold(Subject::Authors, &Slice::All, window, &count(events(), author));
        let provider = |event: &Event| event.provider.as_ref().map(ToString::to_string);
        hold(Subject::Providers, &Slice::All, window, &count(events(), provider));
        let app = |event: &Event| event.app.as_ref().map(ToString::to_string);
        hold(Subject::Apps, &Slice::All, window, &count(events(), app));
    }
}

fn boards_of_slices_are_what_is_counted() {
    let model = |event: &Event| Some(event.model.to_string());
    for window in [Window::Week, Window::Month] {
        let sliced = |slice: Slice, is_in: &dyn Fn(&Event) -> bool| {
            let counted = count(within(window.days()).filter(|event| is_in(event)), model);
            if !counted.is_empty() {
                hold(Subject::Models, &slice, window, &counted);
            }
        };
        for tag in Tag::all() {
            sliced(Slice::Task(tag), &|event| event.task == Some(tag));
        }
        for group in classify::Macro::ALL {
            let is_in = |event: &Event| event.task.is_some_and(|tag| tag.group() == group);
            sliced(Slice::Group(group), &is_in);
        }
        for language in ["eng", "code", "cmn", "deu", "spa", "fra", "und"] {
            let is_in = |event: &Event| event.language.as_deref() == Some(language);
            sliced(Slice::Language(language.to_owned()), &is_in);
        }
        for (context, from, to) in
            [("0-1k", 0, 999), ("4k-16k", 4_000, 15_999), ("64k-256k", 64_000, 255_999)]
        {
            let place = Context::all().find(|it| it.word() == context).unwrap();
            let is_in = |event: &Event| (from..=to).contains(&event.tokens.prompt());
            sliced(Slice::Context(place), &is_in);
        }
        sliced(Slice::Tools(Offered::None), &|event| event.tools == 0);
        sliced(Slice::Tools(Offered::Few), &|event| (1..=3).contains(&event.tools));
        sliced(Slice::Tools(Offered::Some), &|event| (4..=15).contains(&event.tools));
        for app in plain::names(&seen().0, |event| event.app.as_ref().map(ToString::to_string)) {
            sliced(Slice::App(app.clone()), &|event| event.app.as_deref() == Some(&*app));
        }
    }
}

fn changes_are_those_of_complete_weeks() {
    let days = |from: Day, to: Day| {
        let events = seen().0.iter().filter(move |event| (from..=to).contains(&event.at.day()));
        count(events, |event| Some(event.model.to_string()))
    };
    let (now, before) = (days(TODAY - 7, TODAY - 1), days(TODAY - 14, TODAY - 8));
    let board = seen().1.board(&Question::first()).unwrap();
    let mut told = 0;
    for row in &board.rows {
        let (Some(change), Some(now), Some(before)) =
            (row.change, now.get(&row.name), before.get(&row.name))
        else {
            continue;
        };
        assert!(near(change.growth, now.capped() / before.capped() - 1.0), "{}", row.name);
        assert!(change.low <= change.growth && change.growth <= change.high, "{change:?}");
        told += 1;
    }
    assert!(10 < told, "{told}");
}

fn endpoints_served_as_is_counted() {
    let (events, figures) = seen();
    let minutes = |event: &Event, back: i64| NOW.ms() / 60_000 - back <= event.at.ms() / 60_000;
    for endpoint in &terms().endpoints {
        let Some(told) = figures.endpoints.get(&endpoint.id) else { continue };
        let is_about = |event: &&Event| {
            let mut named = event.failed.iter().map(|it| &it.endpoint).chain(&event.endpoint);
            named.any(|name| **name == *endpoint.id)
        };
        let events: Vec<&Event> = events.iter().filter(is_about).collect();
        let windows: [(&Service, Filter<'_>); 4] = [
            (&told.last_5m, &|event| minutes(event, 5)),
            (&told.last_30m, &|event| minutes(event, 30)),
            (&told.last_1d, &|event| NOW.ms() / 3_600_000 - 23 <= event.at.ms() / 3_600_000),
            (&told.last_90d, &|_| true),
        ];
        for (service, is_in) in windows {
            let inside = || events.iter().copied().filter(|event| is_in(event));
            let [served, failed, busy] = plain::tries(inside(), &endpoint.id);
            assert_eq!((service.tries, service.busy), (served + failed, busy), "{}", endpoint.id);
            let uptime = (served + failed != 0).then(|| served as f64 / (served + failed) as f64);
            assert_eq!(service.uptime, uptime);
            let own = || inside().filter(|it| it.endpoint.as_deref() == Some(&*endpoint.id));
            let calls = own().filter(|event| event.tool_calls != 0).count() as u64;
            let invalid = own().filter(|event| event.tool_calls_invalid != 0).count() as u64;
            let share = (calls != 0).then(|| invalid as f64 / calls as f64);
            assert_eq!(service.tool_errors.map(|it| it.share), share);
            let streamed = |event: &&Event| plain::counts(event) && event.streamed;
            let mut ttft: Vec<u32> = own().filter(streamed).filter_map(|it| it.ttft_ms).collect();
            let Some(shown) = service.ttft_ms else {
                assert!(ttft.is_empty());
                continue;
            };
            assert_eq!(shown.count, ttft.len() as u64);
            for (share, value) in [(0.5, shown.p50), (0.9, shown.p90), (0.99, shown.p99)] {
                let exact = plain::quantile(&mut ttft, share);
                assert!((value / exact - 1.0).abs() < 0.021, "{value} {exact}");
            }
        }
    }
}

fn every_day_of_an_endpoint_has_the_percentiles_of_that_day() {
    let mut days = 0;
    for endpoint in terms().endpoints {
        let Some(told) = seen().1.endpoints.get(&endpoint.id) else { continue };
        let own = |event: &&Event| event.endpoint.as_deref() == Some(&*endpoint.id);
        let streams = |event: &&Event| plain::counts(event) && event.streamed;
        let streams: Vec<&Event> = seen().0.iter().filter(own).filter(streams).collect();
        for day in &told.days {
            let today = streams.iter().filter(|event| event.at.day() == day.day);
            let mut ttft: Vec<u32> = today.filter_map(|event| event.ttft_ms).collect();
            let Some(shown) = day.ttft_ms else {
                assert!(ttft.is_empty());
                continue;
            };
            days += 1;
            assert_eq!(shown.count, ttft.len() as u64);
            for (share, value) in [(0.5, shown.p50), (0.75, shown.p75), (0.99, shown.p99)] {
                let exact = plain::quantile(&mut ttft, share);
                assert!((value / exact - 1.0).abs() < 0.021, "{value} {exact}");
            }
        }
    }
    assert!(90 < days, "{days}");
}

fn what_was_paid_is_what_is_counted() {
    for (model, figures) in &seen().1.models {
        let own = || {
            let month = within(30).filter(|event| plain::counts(event));
            month.filter(|event| *event.model == **model)
        };
        let Some(paid) = figures.paid else {
            assert_eq!(own().count(), 0);
            continue;
        };
        let sum = |one: &dyn Fn(&Event) -> u64| own().map(one).sum::<u64>();
        let prompt = sum(&|event| u64::from(event.tokens.prompt()));
        assert_eq!(paid.prompt_tokens, prompt);
        let nanos = sum(&|event| event.list_prompt_nanos) as f64;
        assert!(near(paid.prompt_nanos_per_million.unwrap(), nanos * 1e6 / prompt as f64));
        let output = sum(&|event| u64::from(event.tokens.output)) as f64;
        let nanos = sum(&|event| event.list_nanos - event.list_prompt_nanos) as f64;
        assert!(near(paid.output_nanos_per_million.unwrap(), nanos * 1e6 / output));
        let cached = sum(&|event| u64::from(event.tokens.cache_read)) as f64;
        assert!(near(paid.cached_share, cached / prompt as f64));
        assert_eq!(paid.cache_saved_nanos, own().map(|it| it.cache_saved_nanos).sum::<i64>());
    }
}

fn series_of_models_are_what_is_counted_day_by_day() {
    for (model, figures) in &seen().1.models {
        let series = &figures.series;
        let mut days: BTreeMap<Day, Vec<&Event>> = BTreeMap::new();
        for event in seen().0.iter().filter(|event| *event.model == **model) {
            days.entry(event.at.day()).or_default().push(event);
        }
        assert_eq!(series.tokens.len(), 90);
        for (place, tokens) in series.tokens.iter().enumerate() {
            let day = series.first + place as Day;
            let own = days.get(&day).into_iter().flatten().copied();
            let counted = count(own, |_| Some(String::new())).remove("").unwrap_or_default();
            assert_eq!(*tokens, Some(counted.prompt + counted.output));
            assert_eq!(series.requests[place], Some(counted.requests));
            assert_eq!(series.spend_nanos[place], Some(counted.list));
        }
    }
}

fn tasks_and_apps_are_what_is_counted() {
    let figures = &seen().1;
    let tasks = figures.tasks.as_ref().unwrap();
    let key = |event: &Event| event.task.map(|tag| tag.key().to_owned());
    let mut counted = count(within(7), key);
    let other = counted.remove("other").unwrap_or_default();
    let all: u64 = counted.values().map(|it| it.requests).sum();
    let tokens: u64 = counted.values().map(Count::tokens).sum();
    assert_eq!(tasks.requests, all + other.requests);
    assert_eq!(tasks.tasks.len(), counted.len());
    for task in &tasks.tasks {
        let count = &counted[task.tag.key()];
        assert!(near(task.requests_uncorrected, count.requests as f64 / all as f64));
        assert!(near(task.tokens, count.tokens() as f64 / tokens as f64));
    }
    assert!(near(tasks.tasks.iter().map(|task| task.requests).sum(), 1.0));
    let apps = count(within(30), |event| event.app.as_ref().map(ToString::to_string));
    assert_eq!(figures.apps.len(), apps.len());
    for app in &figures.apps {
        assert_eq!((app.tokens, app.requests), (apps[&app.url].tokens(), apps[&app.url].requests));
        assert!(!app.title.starts_with("http"), "{}", app.title);
        let own = || within(30).filter(|event| event.app.as_deref() == Some(&*app.url));
        let mut asked = count(own(), key);
        asked.remove("other");
        let all: u64 = asked.values().map(|it| it.requests).sum();
        assert_eq!(app.tasks.len(), asked.len().min(20));
        for (tag, share) in &app.tasks {
            assert!(near(*share, asked[tag.key()].requests as f64 / all as f64));
        }
    }
}

fn providers_stand_by_their_good_days() {
    let provider: BTreeMap<String, String> =
        terms().endpoints.into_iter().map(|it| (it.id, it.provider)).collect();
    for standing in &seen().1.stable {
        let mut shares = Vec::new();
        let mut requests = 0;
        for day in TODAY - 28..TODAY {
            let today: Vec<&Event> =
                seen().0.iter().filter(|event| event.at.day() == day).collect();
            let events = || today.iter().copied();
            let endpoints = provider.iter().filter(|it| *it.1 == standing.provider);
            let tries: u64 = endpoints
                .map(|(endpoint, _)| plain::tries(events(), endpoint))
                .map(|[served, failed, _]| served + failed)
                .sum();
            let own = events().filter(|it| it.provider.as_deref() == Some(&*standing.provider));
            let good = own.filter(|event| plain::is_good(event)).count();
            requests += tries;
            if 30 <= tries {
                shares.push(good as f64 / tries as f64);
            }
        }
        assert_eq!(standing.requests, requests, "{}", standing.provider);
        assert_eq!(standing.days as usize, shares.len());
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        assert!(near(standing.mean.unwrap(), mean), "{standing:?} {mean}");
        assert!(near(standing.worst.unwrap(), shares.iter().copied().fold(1.0, f64::min)));
    }
    assert_eq!(seen().1.stable.len(), 5);
}

fn the_model_that_everybody_takes_up_in_the_last_week_rises() {
    let rising: Vec<&str> = seen()
        .1
        .rising
        .iter()
        .filter(|model| model.is_rising)
        .map(|model| model.model.as_str())
        .collect();
    assert_eq!(rising, ["author-3/model-03"]);
}

/// A model is named that was a stealth model: figures are those of a world in which it had its name
/// all along.
#[test]
fn what_a_stealth_model_was_used_for_counts_as_the_model_s() {
    let events = world::events(12, 70, 300);
    let (stealth, model) = (events[0].model.clone(), events[1].model.clone());
    assert_ne!(stealth, model);
    let mut named = events.clone();
    for event in named.iter_mut().filter(|event| event.model == stealth) {
        event.model = model.clone();
    }
    let cloaked =
        Cloaked { stealth: stealth.to_string(), model: model.to_string(), until: TODAY - 1 };
    let told = Terms { cloaked: vec![cloaked], ..terms() };
    for (home, other) in homes().iter().zip(homes().iter()) {
        let before = wait(async { world::figures(&filled(home, &events).await, &told).await });
        let after = wait(async { world::figures(&filled(other, &named).await, &told).await });
        assert!(!before.models.contains_key(&*stealth));
        assert_eq!(before.boards, after.boards);
        assert!(before == after, "figures differ beside the boards");
    }
}
