//! Every figure beside the totals of boards, counted again from the events. What is drawn by lot or
//! tested by statistics comes from `rankings`, which is fed what was counted here.

mod served;

use std::collections::{BTreeMap, BTreeSet};

use classify::{Macro, Tag};
use rankings::board::{Entry, Weight, board};
use rankings::cap::Amount;
use rankings::change::change;
use rankings::correct::corrected;
use rankings::hours::{cheap_spans, judge};
use rankings::rising::{Series as Weeks, trends};
use rankings::stability::{Day as GoodDay, Record, standings};
use rankings::value::{Measure, Offer, worth};
use traffic::event::Event;
use traffic::figures::{Day, Figures, Order, Question, Series, Slice, Subject};

use crate::plain::{self, Count, count, near};
use crate::world::{self, NOW, TODAY, terms};

use served::hold_paid;
pub(crate) use served::served;

/// What the draws of boards begin with.
const SEED: u64 = 0x1a7e_0001;
const VALUE_SEED: u64 = 0x1a7e_0002;

/// FNV-1a of a name.
fn number(name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

fn amounts(by_account: &BTreeMap<String, u64>) -> Vec<Amount> {
    by_account.iter().map(|(name, used)| Amount { account: number(name), amount: *used }).collect()
}

/// The events of days from one through another.
fn between(events: &[Event], from: Day, through: Day) -> impl Iterator<Item = &Event> {
    events.iter().filter(move |event| (from..=through).contains(&event.at.day()))
}

fn model(event: &Event) -> Option<String> {
    Some(event.model.to_string())
}

/// Ranks, intervals, ties, shares and changes of a board.
pub(crate) fn ranks(
    (events, figures): (&[Event], &Figures),
    question: &Question,
    (used, counted): (&BTreeMap<String, Count>, &BTreeMap<String, Count>),
) {
    let weight = match question.order {
        Order::Tokens | Order::Spend => Weight::Capped,
        Order::RawTokens => Weight::Raw,
        Order::Accounts => Weight::Accounts,
        Order::Voice => Weight::Voice,
    };
    let entry = |(name, count): (&String, &Count)| {
        let by_spend = question.order == Order::Spend;
        let by = if by_spend { &count.spend } else { &count.accounts };
        Entry { name: name.clone(), amounts: amounts(by) }
    };
    let entries: Vec<Entry> = counted.iter().map(entry).collect();
    let expected = board(&entries, weight, SEED ^ number(question.order.word()));
    let told = figures.board(question).unwrap();
    assert_eq!(told.rows.len(), expected.len(), "{question:?}");
    let value =
        |(name, it): (&String, &Count)| (name.clone(), own_value(question.order, it, counted));
    let values: BTreeMap<String, f64> = counted.iter().map(value).collect();
    let all: f64 = values.values().sum();
    for (row, own) in told.rows.iter().zip(&expected) {
        let place = |rank, low, high, tie| (rank, low, high, tie);
        assert_eq!(row.name, own.name, "{question:?}");
        assert_eq!(
            place(row.rank, row.rank_low, row.rank_high, row.ties_with_next),
            place(own.rank, own.rank_low, own.rank_high, own.ties_with_next),
            "{question:?} {}",
            row.name
        );
        assert!(near(row.share, values[&row.name] / all), "{question:?} {}", row.name);
        assert!(near(row.effective_users, used[&row.name].effective_users()), "{}", row.name);
    }
    let everybody: BTreeSet<&String> = counted.values().flat_map(|it| it.accounts.keys()).collect();
    assert_eq!(told.accounts as usize, everybody.len());
    assert_eq!((told.kept_back, told.other_tokens), (0, Some(0)));
    if question.slice == Slice::All {
        changes((events, figures), question);
    }
}

/// What a board is ordered by, counted here.
fn own_value(order: Order, count: &Count, all: &BTreeMap<String, Count>) -> f64 {
    match order {
        Order::Tokens => count.capped(),
        Order::RawTokens => count.tokens() as f64,
        Order::Accounts => count.accounts.values().filter(|used| **used != 0).count() as f64,
        Order::Spend => Count { accounts: count.spend.clone(), ..Count::default() }.capped(),
        Order::Voice => {
            let whole = |account: &String| -> u64 {
                all.values().filter_map(|other| other.accounts.get(account)).sum()
            };
            count.accounts.iter().map(|(who, used)| *used as f64 / whole(who).max(1) as f64).sum()
        }
    }
}

fn changes((events, figures): (&[Event], &Figures), question: &Question) {
    let name = |event: &Event| match question.subject {
        Subject::Authors => Some(event.model.split('/').next().unwrap().to_owned()),
        _ => model(event),
    };
    let days = question.window.days();
    let now = count(between(events, TODAY - days, TODAY - 1), name);
    let before = count(between(events, TODAY - 2 * days, TODAY - days - 1), name);
    let has_changes = matches!(question.subject, Subject::Models | Subject::Authors);
    for row in &figures.board(question).unwrap().rows {
        let pair = now.get(&row.name).zip(before.get(&row.name)).filter(|_| has_changes);
        let own = pair.and_then(|(now, before)| {
            let own = change(&amounts(&now.accounts), &amounts(&before.accounts), SEED)?;
            assert!(near(own.growth, now.capped() / before.capped() - 1.0));
            Some(own)
        });
        assert_eq!(row.change, own, "{question:?} {}", row.name);
    }
}

/// What is said of all figures together.
pub(crate) fn whole(events: &[Event], figures: &Figures) {
    let counted = between(events, TODAY - 89, TODAY).filter(|it| plain::counts(it)).count();
    assert_eq!(figures.requests, counted as u64);
    let first = events.iter().filter(|it| plain::counts(it)).map(|it| it.at.day()).min();
    assert_eq!((figures.first_day, figures.last_day, figures.made), (first, TODAY, NOW));
    assert!(figures.has_synthetic);
}

fn own_series(events: &[&Event], tokens: impl Fn(&Event) -> u64) -> Series {
    let mut series = Series { first: TODAY - 89, ..Series::default() };
    for day in TODAY - 89..=TODAY {
        let of_day: Vec<&&Event> =
            events.iter().filter(|it| it.at.day() == day && plain::counts(it)).collect();
        series.tokens.push(Some(of_day.iter().map(|it| tokens(it)).sum()));
        series.requests.push(Some(of_day.len() as u64));
        series.spend_nanos.push(Some(of_day.iter().map(|it| it.list_nanos).sum()));
    }
    series
}

/// Most first, then by name.
fn sorted<T: Copy>(of: BTreeMap<String, T>, key: impl Fn(T) -> u64) -> Vec<(String, T)> {
    let mut list: Vec<(String, T)> = of.into_iter().collect();
    list.sort_by(|a, b| key(b.1).cmp(&key(a.1)).then_with(|| a.0.cmp(&b.0)));
    list.truncate(20);
    list
}

/// The days of models, and what they are used for and by whom.
pub(crate) fn models(events: &[Event], figures: &Figures) {
    let own = |name: &str| events.iter().filter(|it| *it.model == *name).collect::<Vec<_>>();
    let names = plain::names(events, model);
    assert_eq!(figures.models.keys().cloned().collect::<BTreeSet<_>>(), names);
    for (name, told) in &figures.models {
        let events = own(name);
        assert_eq!(told.series, own_series(&events, |it| it.tokens.total()), "{name}");
        let month = events.iter().copied().filter(|it| TODAY - 30 < it.at.day());
        hold_paid(told.paid, &month.collect::<Vec<_>>());
        let week = || events.iter().copied().filter(|it| TODAY - 7 < it.at.day());
        let apps = count(week(), |it| it.app.as_ref().map(ToString::to_string));
        let apps: BTreeMap<String, (u64, u64)> =
            apps.into_iter().map(|(app, it)| (app, (it.requests, it.tokens()))).collect();
        let apps: Vec<(String, u64)> =
            sorted(apps, |it| it.0).into_iter().map(|(app, it)| (app, it.1)).collect();
        assert_eq!(told.apps, apps, "{name}");
        let tasks = count(week(), |it| it.task.map(|task| task.key().to_owned()));
        let all: u64 = tasks.values().map(|it| it.requests).sum();
        let tasks = tasks.into_iter().map(|(task, it)| (task, it.requests)).collect();
        let tasks = sorted(tasks, |it| it);
        assert_eq!(told.tasks.len(), tasks.len());
        for ((tag, share), (key, requests)) in told.tasks.iter().zip(&tasks) {
            assert_eq!(tag.key(), key, "{name}");
            assert!(near(*share, *requests as f64 / all as f64), "{name}");
        }
    }
}

/// Which models rise.
pub(crate) fn rising(events: &[Event], figures: &Figures) {
    let week = |back: Day| {
        let last = TODAY - 1 - 7 * back;
        count(between(events, last - 6, last), model)
    };
    let weeks: Vec<BTreeMap<String, Count>> = (0..9).rev().map(week).collect();
    let names: BTreeSet<&String> = weeks.iter().flat_map(BTreeMap::keys).collect();
    let one = |week: &BTreeMap<String, Count>, name: &String| {
        week.get(name).map(|it| amounts(&it.accounts)).unwrap_or_default()
    };
    let rows: Vec<Weeks> = names
        .iter()
        .map(|name| Weeks {
            name: (*name).clone(),
            weeks: weeks.iter().map(|week| one(week, name)).collect(),
        })
        .collect();
    let own: BTreeMap<String, _> =
        trends(&rows).into_iter().map(|it| (it.name.clone(), it)).collect();
    assert_eq!(figures.rising.len(), own.len());
    for told in &figures.rising {
        let own = &own[&told.model];
        assert_eq!((told.growth, told.z, told.is_rising), (own.growth, own.z, own.is_rising));
        assert_eq!(told.growth_without_largest, Some(own.growth_without_largest));
        assert_eq!(told.account_growth, own.account_growth);
    }
    for pair in figures.rising.windows(2) {
        let key = |it: &traffic::figures::Rising| (it.is_rising, it.growth);
        assert!(key(&pair[1]) <= key(&pair[0]));
    }
    let rising = figures.rising.iter().filter(|it| it.is_rising).map(|it| it.model.as_str());
    assert_eq!(rising.collect::<Vec<_>>(), ["author-3/model-03"]);
}

/// Who is stable.
pub(crate) fn stable(events: &[Event], figures: &Figures) {
    let mut providers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for endpoint in terms().endpoints {
        providers.entry(endpoint.provider).or_default().insert(endpoint.id);
    }
    let record = |(name, ids): (&String, &BTreeSet<String>)| {
        let day = |day: Day| {
            let of_day: Vec<&Event> = between(events, day, day).collect();
            let [served, failed, _] = plain::tries(of_day.iter().copied(), ids);
            let good = plain::at(&of_day, ids).into_iter().filter(|it| plain::is_good(it)).count();
            GoodDay { requests: served + failed, good: (good as u64).min(served) }
        };
        Record { name: name.clone(), days: (TODAY - 28..TODAY).map(day).collect() }
    };
    let records: Vec<Record> = providers.iter().map(record).collect();
    let own = standings(&records);
    assert_eq!(figures.stable.len(), own.len());
    for (told, own) in figures.stable.iter().zip(&own) {
        assert_eq!((&told.provider, told.group), (&own.name, own.group));
        assert_eq!((told.mean, told.worst), (own.mean, own.worst));
        assert_eq!((told.requests, told.days), (own.requests, own.days));
    }
}

/// When models are cheap.
pub(crate) fn cheapest(events: &[Event], figures: &Figures) {
    let monday = NOW.week_start().ms() / 3_600_000;
    let first = monday - 12 * 168;
    // By model and hour: prompt tokens and what they cost, tokens of answers and what they cost.
    let mut cells: BTreeMap<String, BTreeMap<i64, [f64; 4]>> = BTreeMap::new();
    for event in events.iter().filter(|it| plain::counts(it)) {
        let hour = event.at.ms() / 3_600_000;
        if (first..monday).contains(&hour) {
            let cell = cells.entry(event.model.to_string()).or_default().entry(hour).or_default();
            cell[0] += f64::from(event.tokens.prompt());
            cell[1] += event.list_prompt_nanos as f64;
            cell[2] += f64::from(event.tokens.output);
            cell[3] += (event.list_nanos - event.list_prompt_nanos) as f64;
        }
    }
    for (name, cells) in &cells {
        let basket = |hour: i64| {
            let [prompt, for_prompt, output, for_output] = *cells.get(&hour)?;
            (prompt != 0.0 && output != 0.0)
                .then(|| 0.8 * (for_prompt / prompt * 1e6) + 0.2 * (for_output / output * 1e6))
        };
        let weeks: Vec<Vec<Option<f64>>> = (0..12)
            .map(|week| (0..168).map(|hour| basket(first + week * 168 + hour)).collect())
            .collect();
        let told = &figures.cheapest[name];
        let hours = judge(&weeks);
        assert_eq!(told.hours.len(), 168);
        for (told, own) in told.hours.iter().zip(&hours) {
            assert_eq!(
                (told.weeks, told.is_cheap, told.is_dear),
                (own.weeks, own.is_cheap, own.is_dear)
            );
            assert_eq!(told.effect.is_some(), own.effect.is_some());
            assert!(near(told.effect.unwrap_or_default(), own.effect.unwrap_or_default()));
        }
        let key = |it: &rankings::hours::Span| (it.start, it.hours);
        let spans: Vec<_> = cheap_spans(&hours).iter().map(key).collect();
        assert_eq!(told.spans.iter().map(key).collect::<Vec<_>>(), spans, "{name}");
        let seen = weeks.iter().filter(|week| week.iter().any(Option::is_some)).count();
        assert_eq!(told.weeks as usize, seen);
    }
    let cheap = &figures.cheapest[world::CHEAP_AT_NIGHT];
    assert!(cheap.spans.iter().any(|span| span.effect < -0.3), "{:?}", cheap.spans);
    let posted: Vec<_> = figures.cheapest.values().flat_map(|it| &it.posted).collect();
    assert_eq!(posted.len(), 1);
    for (place, nanos) in posted[0].basket_nanos.iter().enumerate() {
        // $0.10 in and $0.40 out; half of that from 16:30 to 00:30.
        let is_cheap = matches!(place % 24, 0 | 17..=23);
        assert_eq!(*nanos, if is_cheap { 80_000_000 } else { 160_000_000 }, "{place}");
    }
}

/// What is worth its price.
pub(crate) fn value(events: &[Event], figures: &Figures) {
    let month = count(between(events, TODAY - 29, TODAY), model);
    let mut days: BTreeMap<(String, String), BTreeSet<Day>> = BTreeMap::new();
    for event in between(events, TODAY - 89, TODAY).filter(|it| plain::counts(it)) {
        let pair = (event.model.to_string(), event.account.to_string());
        days.entry(pair).or_default().insert(event.at.day());
    }
    let mut offers = Vec::new();
    for (name, count) in &month {
        let came = days.iter().filter(|(pair, days)| {
            pair.0 == *name && days.first().is_some_and(|first| *first <= TODAY - 28)
        });
        let came: Vec<&BTreeSet<Day>> = came.map(|(_, days)| days).collect();
        let stayed = came.iter().filter(|days| TODAY - 7 < *days.last().unwrap()).count() as f64;
        let old = came.len() as f64;
        if came.len() < 10 || count.requests < 200 {
            continue;
        }
        let share = stayed / old;
        offers.push(Offer {
            name: name.clone(),
            cost: Measure {
                mean: count.list as f64 / count.requests as f64 / 1e9,
                error: 1.0 / (count.accounts.len() as f64).sqrt(),
            },
            quality: Measure {
                mean: share * 100.0,
                error: (share * (1.0 - share) / old).sqrt() * 100.0,
            },
        });
    }
    assert!(10 < offers.len(), "{}", offers.len());
    let own = worth(&offers, 15.0, VALUE_SEED);
    assert_eq!(figures.value.len(), own.len());
    for (told, own) in figures.value.iter().zip(&own) {
        let offer = offers.iter().find(|it| it.name == own.name).unwrap();
        assert_eq!((&told.model, told.frontier), (&own.name, own.frontier));
        assert!(near(told.value.unwrap(), own.value.unwrap()));
        assert!(near(told.cost_nanos, offer.cost.mean * 1e9));
        assert!(near(told.quality, offer.quality.mean));
        assert_eq!(told.source, "retention");
    }
}

/// What requests were for.
pub(crate) fn tasks(events: &[Event], figures: &Figures) {
    let week = || between(events, TODAY - 6, TODAY);
    let told = figures.tasks.as_ref().unwrap();
    assert_eq!((told.first_day, told.last_day), (TODAY - 6, TODAY));
    let mut counted = count(week(), |it| it.task.map(|task| task.key().to_owned()));
    let other = counted.remove("other").unwrap_or_default();
    let all = |one: fn(&Count) -> u64| counted.values().map(one).sum::<u64>() as f64;
    let [requests, tokens, spend] = [all(|it| it.requests), all(Count::tokens), all(|it| it.list)];
    assert_eq!(told.requests as f64, requests + other.requests as f64);
    let untold = other.requests as f64;
    assert!(near(told.other_share, untold / (requests + untold)));
    let tags: Vec<Tag> = Tag::all().take(Tag::CLASSES).collect();
    let of = |tag: &Tag| counted.get(tag.key()).map_or(0.0, |it| it.requests as f64 / requests);
    let confusion: Vec<Vec<u32>> = classify::train::confusion()
        .into_iter()
        .map(|row| row.into_iter().take(Tag::CLASSES).collect())
        .collect();
    let right = corrected(&tags.iter().map(of).collect::<Vec<_>>(), &confusion).unwrap();
    assert_eq!(told.tasks.len(), counted.len());
    let mut groups: BTreeMap<Macro, [f64; 3]> = BTreeMap::new();
    for task in &told.tasks {
        let count = &counted[task.tag.key()];
        let place = tags.iter().position(|tag| *tag == task.tag).unwrap();
        assert!(near(task.requests, right[place]), "{:?}", task.tag);
        assert!(near(task.requests_uncorrected, count.requests as f64 / requests));
        assert!(near(task.tokens, count.tokens() as f64 / tokens));
        assert!(near(task.spend, count.list as f64 / spend));
        let sums = groups.entry(task.tag.group()).or_default();
        sums[0] += right[place];
        sums[1] += count.tokens() as f64 / tokens;
        sums[2] += count.list as f64 / spend;
        let models = plain::count(week().filter(|it| it.task == Some(task.tag)), model);
        assert_eq!(task.models.len(), models.len().min(20));
        for (name, requests, tokens, spend) in &task.models {
            let own = &models[name];
            assert!(near(*requests, own.requests as f64 / count.requests as f64));
            assert!(near(*tokens, own.tokens() as f64 / count.tokens() as f64));
            assert!(near(*spend, own.list as f64 / count.list as f64));
        }
        assert!(task.models.windows(2).all(|it| it[1].1 <= it[0].1));
    }
    assert!(told.tasks.windows(2).all(|it| it[1].requests <= it[0].requests));
    for (group, requests, tokens, spend) in &told.groups {
        let own = groups.get(group).copied().unwrap_or_default();
        assert!(near(*requests, own[0]) && near(*tokens, own[1]) && near(*spend, own[2]));
    }
}

/// Applications.
pub(crate) fn apps(events: &[Event], figures: &Figures) {
    let name = |it: &Event| it.app.as_ref().map(ToString::to_string);
    let month = count(between(events, TODAY - 29, TODAY), name);
    let named: BTreeSet<&String> = figures.apps.iter().map(|it| &it.url).collect();
    assert_eq!(named, month.keys().collect::<BTreeSet<_>>());
    assert!(figures.apps.windows(2).all(|it| it[1].tokens <= it[0].tokens));
    for told in &figures.apps {
        let own: Vec<&Event> =
            events.iter().filter(|it| it.app.as_deref() == Some(&*told.url)).collect();
        let count = &month[&told.url];
        assert_eq!((told.tokens, told.requests), (count.tokens(), count.requests));
        let title = own.iter().rev().find_map(|it| it.app_title.as_ref()).unwrap();
        assert_eq!((told.title.as_str(), told.is_verified), (&**title, false));
        let lately = own.iter().copied().filter(|it| TODAY - 30 < it.at.day());
        let models = plain::count(lately, model);
        let models = models.into_iter().map(|(name, it)| (name, it.tokens())).collect();
        assert_eq!(told.models, sorted(models, |it| it), "{}", told.url);
        assert_eq!(told.series, own_series(&own, |it| it.tokens.total()), "{}", told.url);
    }
}
