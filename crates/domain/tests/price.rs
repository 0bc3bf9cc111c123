//! Prices, held against exact fractions that are worked out another way.

use std::collections::BTreeMap;

use domain::money::Money;
use domain::price::{Price, PriceCard, PriceOver, PriceWindow, Rate};
use domain::time::{DAY_MS, Timestamp};
use domain::usage::{TOKENS_MAX, Usage};
use domain::window::{Span, Window};
use jiff::civil::Weekday;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The classes that a price may name.
const CLASSES: [&str; 14] = [
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "input_audio",
    "output_audio",
    "citation",
    "image",
    "request",
    "search",
    "minute",
    "character",
];

/// What each unit of a usage is billed as: the first of these classes that has a rate.
const BILLED_AS: [(Units, &[&str]); 14] = [
    (|it| whole(it.input), &["input"]),
    (|it| whole(it.cache_read), &["cache_read", "input"]),
    (|it| whole(it.cache_write), &["cache_write", "input"]),
    (|it| whole(it.cache_write_1h), &["cache_write_1h", "cache_write", "input"]),
    (|it| whole(it.input_audio), &["input_audio", "input"]),
    (|it| whole(it.output - it.reasoning - it.output_audio), &["output"]),
    (|it| whole(it.reasoning), &["reasoning", "output"]),
    (|it| whole(it.output_audio), &["output_audio", "output"]),
    (|it| whole(it.citations), &["citation"]),
    (|it| whole(it.images), &["image"]),
    (|it| whole(it.requests), &["search"]),
    (|it| whole(it.characters), &["character"]),
    (|it| Fraction { over: i128::from(it.audio_ms), under: 60_000 }, &["minute"]),
    (|_| whole(1_u32), &["request"]),
];

type Rates = BTreeMap<&'static str, u64>;
type Units = fn(&Usage) -> Fraction;

#[derive(Clone, Copy)]
struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    fn plus(self, other: Fraction) -> Fraction {
        Fraction {
            over: self.over * other.under + other.over * self.under,
            under: self.under * other.under,
        }
        .reduced()
    }

    fn times(self, factor: i128) -> Fraction {
        Fraction { over: self.over * factor, under: self.under }.reduced()
    }

    fn reduced(self) -> Fraction {
        let (mut a, mut b) = (self.over, self.under);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Fraction { over: self.over / a, under: self.under / a }
    }

    /// The least whole number that is no smaller.
    fn up(self) -> i128 {
        let down = self.over.div_euclid(self.under);
        if self.over.rem_euclid(self.under) == 0 { down } else { down + 1 }
    }
}

fn whole(units: impl Into<i128>) -> Fraction {
    Fraction { over: units.into(), under: 1 }
}

/// What the usage costs in nano-dollars, by the table above.
fn worked_out(rates: &Rates, usage: &Usage) -> i128 {
    let mut picos = whole(0);
    for (units, chain) in BILLED_AS {
        if let Some(rate) = chain.iter().find_map(|class| rates.get(class)) {
            picos = picos.plus(units(usage).times(i128::from(*rate)));
        }
    }
    Fraction { over: picos.over, under: picos.under * 1_000 }.up()
}

fn price_of(rates: &Rates) -> Price {
    let rate = |class| {
        rates.get(class).map(|picos| Rate::from_picos(*picos).expect("it is within bounds"))
    };
    Price {
        input: rate("input"),
        output: rate("output"),
        cache_read: rate("cache_read"),
        cache_write: rate("cache_write"),
        cache_write_1h: rate("cache_write_1h"),
        reasoning: rate("reasoning"),
        input_audio: rate("input_audio"),
        output_audio: rate("output_audio"),
        citation: rate("citation"),
        image: rate("image"),
        request: rate("request"),
        search: rate("search"),
        minute: rate("minute"),
        character: rate("character"),
    }
}

/// A card in words, and what it means at an instant, worked out the slow way.
#[derive(Clone, Debug)]
struct Card {
    base: Rates,
    over: BTreeMap<u32, Rates>,
    windows: Vec<(Window, Rates)>,
    priority: Option<Rates>,
}

impl Card {
    fn built(&self) -> PriceCard {
        PriceCard {
            base: price_of(&self.base),
            over: self
                .over
                .iter()
                .map(|(over, rates)| PriceOver { min_prompt_tokens: *over, price: price_of(rates) })
                .collect(),
            windows: self
                .windows
                .iter()
                .map(|(window, rates)| PriceWindow {
                    window: window.clone(),
                    price: price_of(rates),
                })
                .collect(),
            priority: self.priority.as_ref().map(price_of),
        }
    }

    /// The instant, and those of its day at which a window opens or closes, and just before.
    fn edges(&self, now: Timestamp) -> Vec<Timestamp> {
        let mut edges = vec![now];
        for (window, _) in &self.windows {
            let minutes =
                window.spans.iter().flat_map(|span| [span.from_minute, span.until_minute]);
            let of_day = minutes.map(|at| now.day_start().plus_ms(i64::from(at) * 60_000));
            let dates = [window.valid_from, window.valid_until].into_iter().flatten();
            edges.extend(of_day.chain(dates).flat_map(|edge| [edge, edge.plus_ms(-1)]));
        }
        edges
    }

    fn rates(&self, now: Timestamp, priority: bool, prompt: u32) -> Rates {
        let mut rates = self.base.clone();
        for (window, inside) in &self.windows {
            if holds(window, now) {
                rates.clone_from(inside);
            }
        }
        if let (true, Some(tier)) = (priority, &self.priority) {
            rates.clone_from(tier);
        }
        for (threshold, dearer) in &self.over {
            if *threshold < prompt {
                rates.extend(dearer);
            }
        }
        rates
    }
}

/// Whether a window holds: some span that begins today or yesterday reaches over the instant.
fn holds(window: &Window, now: Timestamp) -> bool {
    let within = window.valid_from.is_none_or(|from| from.ms() <= now.ms())
        && window.valid_until.is_none_or(|until| now.ms() < until.ms());
    let today = now.ms().div_euclid(DAY_MS);
    within
        && [today - 1, today].into_iter().any(|day| {
            let date = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(day));
            let counts = (window.days.is_empty() || window.days.contains(&date.weekday()))
                && !window.holidays.contains(&day);
            counts
                && window.spans.iter().any(|span| {
                    let begin = day * DAY_MS + i64::from(span.from_minute) * 60_000;
                    let length = (1_440 + i64::from(span.until_minute)
                        - i64::from(span.from_minute))
                        % 1_440;
                    let length = if length == 0 { 1_440 } else { length };
                    begin <= now.ms() && now.ms() < begin + length * 60_000
                })
        })
}

fn any_rates() -> impl Strategy<Value = Rates> {
    let picos = prop_oneof![0..10_u64, 0..20_000_000_u64, Just(Rate::MAX.picos())];
    btree_map(select(&CLASSES[..]), picos, 0..CLASSES.len())
}

fn any_usage() -> impl Strategy<Value = Usage> {
    let tokens = || prop_oneof![0..5_u32, 0..300_000_u32, Just(TOKENS_MAX)];
    (vec(tokens(), 9), any::<[u16; 2]>(), any::<u32>()).prop_map(
        |(tokens, [images, requests], audio_ms)| {
            let [
                input,
                cache_read,
                cache_write,
                cache_write_1h,
                input_audio,
                output,
                reasoning,
                citations,
                characters,
            ] = tokens[..]
            else {
                unreachable!("there are nine")
            };
            let reasoning = reasoning.min(output);
            Usage {
                input,
                cache_read,
                cache_write,
                cache_write_1h,
                input_audio,
                output,
                reasoning,
                output_audio: (output - reasoning) / 3,
                citations,
                images,
                requests,
                audio_ms,
                characters,
                estimated: false,
            }
        },
    )
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    // Four weeks, so that days, holidays and dates all matter.
    (0..28 * DAY_MS).prop_map(|ms| Timestamp::from_ms(1_795_000_000_000 + ms))
}

fn any_window() -> impl Strategy<Value = Window> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let span = (0..1_440_u16, 1..1_440_u16).prop_map(|(from_minute, length)| {
        let end = from_minute + length;
        Span { from_minute, until_minute: if end <= 1_440 { end } else { end - 1_440 } }
    });
    let days = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
    (
        option::of(any_instant()),
        option::of(any_instant()),
        vec(span, 1..3),
        proptest::sample::subsequence(days.to_vec(), 0..=7),
        vec(any_instant().prop_map(Timestamp::day), 0..3),
    )
        .prop_map(|(valid_from, valid_until, spans, days, holidays)| Window {
            valid_from,
            valid_until,
            spans,
            days,
            holidays,
        })
}

fn any_card() -> impl Strategy<Value = Card> {
    (
        any_rates(),
        btree_map(0..400_000_u32, any_rates(), 0..3),
        vec((any_window(), any_rates()), 0..3),
        option::of(any_rates()),
    )
        .prop_map(|(base, over, windows, priority)| Card { base, over, windows, priority })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A charge is exact to the nano-dollar, whatever the price names and whatever was used.
    #[test]
    fn a_charge_is_what_the_fractions_say(rates in any_rates(), usage in any_usage()) {
        let charge = price_of(&rates).charge(&usage);
        prop_assert_eq!(i128::from(charge.nanos()), worked_out(&rates, &usage));
    }

    /// Tiers, hours and the priority tier choose the rates that their words say.
    #[test]
    fn conditions_choose_the_rates(
        card in any_card(),
        now in any_instant(),
        priority: bool,
        usage in any_usage(),
    ) {
        let built = card.built();
        for now in card.edges(now) {
            let charge = built.at(now, priority).charge(&usage);
            let rates = card.rates(now, priority, usage.prompt());
            prop_assert_eq!(i128::from(charge.nanos()), worked_out(&rates, &usage), "{}", now);
        }
    }

    /// No usage within the bounds costs more than the ceiling that was reserved for it.
    #[test]
    fn a_ceiling_is_never_exceeded(
        card in any_card(),
        now in any_instant(),
        priority: bool,
        usage in any_usage(),
        spare in 0..1_000_u32,
    ) {
        // Each class of the prompt may be as large as a fifth of what is believed at all.
        let fifth = |tokens: u32| tokens.min(TOKENS_MAX / 5 - 200);
        let tokens_only = Usage {
            input: fifth(usage.input),
            cache_read: fifth(usage.cache_read),
            cache_write: fifth(usage.cache_write),
            cache_write_1h: fifth(usage.cache_write_1h),
            input_audio: fifth(usage.input_audio),
            output: usage.output,
            reasoning: usage.reasoning,
            output_audio: usage.output_audio,
            ..Usage::default()
        };
        let built = card.built();
        let in_force = built.at(now, priority);
        let ceiling = in_force.ceiling(&Usage {
            input: tokens_only.prompt() + spare,
            output: tokens_only.output,
            ..Usage::default()
        });
        prop_assert!(in_force.charge(&tokens_only) <= ceiling);
    }

    /// What is kept with a request prices it as the card did when it was admitted.
    #[test]
    fn a_snapshot_charges_like_its_card(
        card in any_card(),
        now in any_instant(),
        later in any_instant(),
        priority: bool,
        usage in any_usage(),
    ) {
        let built = card.built();
        let snapshot = built.at(now, priority).to_owned_card();
        prop_assert_eq!(
            snapshot.at(later, !priority).charge(&usage),
            built.at(now, priority).charge(&usage)
        );
    }

    /// A rate is read and written without loss.
    #[test]
    fn rates_survive_being_written(
        picos in 0..=Rate::MAX.picos(),
        units in select(&[1, 1_000, 1_000_000][..]),
    ) {
        let rate = Rate::from_picos(picos).unwrap();
        prop_assert_eq!(Rate::parse(&rate.dollars_per(units), units), Some(rate));
    }
}

#[test]
fn a_threshold_is_crossed_only_by_more_tokens_than_it_names() {
    let rates = |picos| Rates::from([("input", picos)]);
    let card = Card {
        base: rates(1_000),
        over: BTreeMap::from([(200_000, rates(2_000))]),
        windows: Vec::new(),
        priority: None,
    };
    let built = card.built();
    let charge = |input| {
        let usage = Usage { input, ..Usage::default() };
        built.at(Timestamp::from_ms(0), false).charge(&usage)
    };
    assert_eq!(charge(200_000), Money::from_nanos(200_000));
    assert_eq!(charge(200_001), Money::from_nanos(400_002));
}

#[test]
fn more_than_can_be_believed_is_cut_before_it_is_billed() {
    let price = price_of(&Rates::from([("input", Rate::MAX.picos())]));
    let usage = |input| Usage { input, ..Usage::default() };
    assert_eq!(price.charge(&usage(u32::MAX)), price.charge(&usage(TOKENS_MAX)));
}
