//! Figures against the recount.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use classify::Tag;
use traffic::event::{Context, Event, Offered};
use traffic::figures::make::Terms;
use traffic::figures::{Cloaked, Day, Figures, Order, Question, Slice, Subject, Window};

use crate::plain::{self, Count, count, near};
use crate::recount;
use crate::world::{self, TODAY, filled, homes, terms, wait};

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
                wait(async {
                    let store = filled(home, &events).await;
                    for prices in world::prices() {
                        store.note_prices(&prices).await.unwrap();
                    }
                    world::figures(&store, &world::terms_by_the_hour()).await
                })
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
    let (events, figures) = seen();
    recount::whole(events, figures);
    recount::models(events, figures);
    recount::served(events, figures);
    recount::rising(events, figures);
    recount::stable(events, figures);
    recount::cheapest(events, figures);
    recount::value(events, figures);
    recount::tasks(events, figures);
    recount::apps(events, figures);
}

fn within(days: Day) -> impl Iterator<Item = &'static Event> {
    seen().0.iter().filter(move |event| TODAY - days < event.at.day())
}

/// Holds every board of a subject and slice to what was counted.
///
/// `chosen` is what callers chose themselves: votes are of that.
fn hold(
    subject: Subject,
    slice: &Slice,
    window: Window,
    (counted, chosen): (&BTreeMap<String, Count>, &BTreeMap<String, Count>),
) {
    let orders = if *slice == Slice::All {
        Order::ALL.to_vec()
    } else {
        vec![Order::Tokens, Order::Spend, Order::Accounts]
    };
    for order in orders {
        let question = Question { subject, slice: slice.clone(), window, order };
        let board = seen().1.board(&question);
        let board = board.unwrap_or_else(|| panic!("no board for {question:?}"));
        let ranked = if order == Order::Voice { chosen } else { counted };
        assert_eq!(board.rows.len(), ranked.len(), "{question:?}");
        for row in &board.rows {
            let count = &counted[&row.name];
            let told =
                (row.raw_tokens.unwrap(), row.spend_nanos, row.requests, row.accounts as usize);
            let plain = (count.tokens(), count.list, count.requests, count.accounts.len());
            assert_eq!(told, plain, "{question:?} {}", row.name);
            assert!(near(row.tokens, count.capped()), "{question:?} {} {count:?}", row.name);
            let largest = *count.accounts.values().max().unwrap() as f64 / count.tokens() as f64;
            assert!(near(row.largest_share.unwrap(), largest));
            assert_eq!(row.is_concentrated, 0.2 < largest);
        }
        if *slice != Slice::All {
            let requests = |counts: &BTreeMap<String, Count>| -> u64 {
                counts.values().map(|count| count.requests).sum()
            };
            let all = count(within(window.days()), |_| Some(String::new()));
            let part = requests(counted) as f64 / requests(&all) as f64;
            assert!(near(board.part.unwrap(), part), "{question:?}");
        }
        recount::ranks((&seen().0, &seen().1), &question, (counted, ranked));
    }
}

fn boards_of_all_requests_are_what_is_counted() {
    for window in Window::ALL {
        let events = || within(window.days());
        let models = count(events(), |event| Some(event.model.to_string()));
        let by_callers = || events().filter(|event| !event.routed);
        let chosen = count(by_callers(), |event| Some(event.model.to_string()));
        assert_ne!(models, chosen);
        hold(Subject::Models, &Slice::All, window, (&models, &chosen));
        let author = |event: &Event| Some(event.model.split('/').next().unwrap().to_owned());
        let authors = (&count(events(), author), &count(by_callers(), author));
        hold(Subject::Authors, &Slice::All, window, authors);
        let provider = |event: &Event| event.provider.as_ref().map(ToString::to_string);
        let providers = count(events(), provider);
        hold(Subject::Providers, &Slice::All, window, (&providers, &providers));
        let app = |event: &Event| event.app.as_ref().map(ToString::to_string);
        let apps = count(events(), app);
        hold(Subject::Apps, &Slice::All, window, (&apps, &apps));
    }
}

fn boards_of_slices_are_what_is_counted() {
    let model = |event: &Event| Some(event.model.to_string());
    for window in [Window::Week, Window::Month] {
        let sliced = |slice: Slice, is_in: &dyn Fn(&Event) -> bool| {
            let counted = count(within(window.days()).filter(|event| is_in(event)), model);
            if !counted.is_empty() {
                hold(Subject::Models, &slice, window, (&counted, &counted));
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
        for (context, from, to) in [
            ("0-1k", 0, 999),
            ("1k-4k", 1_000, 3_999),
            ("4k-16k", 4_000, 15_999),
            ("16k-64k", 16_000, 63_999),
            ("64k-256k", 64_000, 255_999),
            ("256k-1m", 256_000, 999_999),
            ("over-1m", 1_000_000, u32::MAX),
        ] {
            let place = Context::all().find(|it| it.word() == context).unwrap();
            let is_in = |event: &Event| (from..=to).contains(&event.tokens.prompt());
            sliced(Slice::Context(place), &is_in);
        }
        sliced(Slice::Tools(Offered::None), &|event| event.tools == Some(0));
        sliced(Slice::Tools(Offered::Few), &|event| {
            event.tools.is_some_and(|tools| (1..=3).contains(&tools))
        });
        sliced(Slice::Tools(Offered::Some), &|event| {
            event.tools.is_some_and(|tools| (4..=15).contains(&tools))
        });
        sliced(Slice::Tools(Offered::Many), &|event| event.tools.is_some_and(|tools| 15 < tools));
        sliced(Slice::Router, &|event| event.routed);
        for app in plain::names(&seen().0, |event| event.app.as_ref().map(ToString::to_string)) {
            sliced(Slice::App(app.clone()), &|event| event.app.as_deref() == Some(&*app));
        }
    }
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
        let figures = |home, events| {
            let mut figures =
                wait(async { world::figures(&filled(home, events).await, &told).await });
            // Numbers of applications are given in the order in which names are met.
            figures.apps.iter_mut().for_each(|app| app.id = 0);
            figures
        };
        let (before, after) = (figures(home, &events), figures(other, &named));
        assert!(!before.models.contains_key(&*stealth));
        assert_eq!(before.boards, after.boards);
        assert_eq!(before.models, after.models);
        assert_eq!(before.apps, after.apps);
        assert_eq!(before.endpoints, after.endpoints);
        assert_eq!((&before.rising, &before.value), (&after.rising, &after.value));
        assert!(before == after, "figures differ elsewhere");
    }
}
