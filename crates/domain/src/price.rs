//! What an endpoint charges, and what a generation therefore costs.
//!
//! A rate is a whole number of pico-dollars per unit. A generation is priced in `u128` and rounded
//! once, up to the next nano-dollar. A class without a rate of its own is billed as the class it
//! belongs to (`catalog/README.md` has the table); a rate is never assumed to be zero.

use serde::{Deserialize, Serialize};

use crate::money::{Money, scaled_decimal};
use crate::time::Timestamp;
use crate::usage::{TOKENS_MAX, Usage};
use crate::window::Window;

/// A rate in pico-dollars (1e-12 USD) per unit: a token, a character, an image, a request, a
/// minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(u64);

impl Rate {
    /// One dollar per unit, or a million dollars per million tokens: the bound that keeps
    /// [`Price::charge`] within `i64` nano-dollars.
    pub const MAX: Rate = Rate(1_000_000_000_000);
    /// No charge. An endpoint has it only where its provider says so.
    pub const FREE: Rate = Rate(0);

    /// Returns the rate of `picos` pico-dollars a unit, or `None` above [`Rate::MAX`].
    pub const fn from_picos(picos: u64) -> Option<Rate> {
        if picos <= Self::MAX.0 { Some(Rate(picos)) } else { None }
    }

    /// Returns the rate in pico-dollars a unit.
    pub const fn picos(self) -> u64 {
        self.0
    }

    /// Reads a price in dollars per `units` units, such as `0.05` per 1,000,000 tokens.
    ///
    /// Returns `None` where the text is no decimal number, is negative, is not a whole number of
    /// pico-dollars a unit, or is above [`Rate::MAX`].
    pub fn parse(text: &str, units: u64) -> Option<Rate> {
        let scaled = u128::try_from(scaled_decimal(text, 18)?).ok()?;
        let divisor = u128::from(units) * 1_000_000;
        let exact = scaled.is_multiple_of(divisor).then_some(scaled / divisor)?;
        Rate::from_picos(u64::try_from(exact).ok()?)
    }

    /// Returns dollars per `units` units as an exact decimal text.
    pub fn dollars_per(self, units: u64) -> String {
        let picos = u128::from(self.0) * u128::from(units);
        let (whole, fraction) = (picos / 1_000_000_000_000, picos % 1_000_000_000_000);
        if fraction == 0 {
            return whole.to_string();
        }
        let digits = format!("{fraction:012}");
        format!("{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// The rates of an endpoint under one condition. `None` means that the class is not billed apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Per prompt token.
    pub input: Option<Rate>,
    /// Per completion token.
    pub output: Option<Rate>,
    /// Per prompt token read from a cache; else as `input`.
    pub cache_read: Option<Rate>,
    /// Per prompt token written to a cache; else as `input`.
    pub cache_write: Option<Rate>,
    /// Per prompt token written to a cache for an hour; else as `cache_write`.
    pub cache_write_1h: Option<Rate>,
    /// Per reasoning token; else as `output`.
    pub reasoning: Option<Rate>,
    /// Per prompt token of audio; else as `input`.
    pub input_audio: Option<Rate>,
    /// Per completion token of audio; else as `output`.
    pub output_audio: Option<Rate>,
    /// Per citation token; else not billed.
    pub citation: Option<Rate>,
    /// Per image; else not billed apart from its tokens.
    pub image: Option<Rate>,
    /// Per request; added once to each generation.
    pub request: Option<Rate>,
    /// Per search that a provider counts in its usage.
    pub search: Option<Rate>,
    /// Per minute of audio.
    pub minute: Option<Rate>,
    /// Per character spoken.
    pub character: Option<Rate>,
}

const MS_PER_MINUTE: u128 = 60_000;
const PICOS_PER_NANO: u128 = 1_000;

// Every class at its largest, at the highest rate, still fits an `i64` of nano-dollars.
const _: () = assert!(
    (10 * (TOKENS_MAX as u128) + 3 * (u16::MAX as u128) + (u32::MAX as u128) / MS_PER_MINUTE + 2)
        * (Rate::MAX.0 as u128)
        / PICOS_PER_NANO
        < i64::MAX as u128
);

impl Price {
    /// Returns what `usage` costs, rounded once, up to the next nano-dollar.
    ///
    /// Counts are taken as [`Usage::bounded`] gives them.
    pub fn charge(&self, usage: &Usage) -> Money {
        let picos_ms = self.picos(usage) * MS_PER_MINUTE
            + u128::from(usage.audio_ms) * u128::from(self.minute.map_or(0, Rate::picos));
        let nanos = picos_ms.div_ceil(MS_PER_MINUTE * PICOS_PER_NANO);
        Money::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Returns the pico-dollars of everything that is billed by a whole unit.
    fn picos(&self, usage: &Usage) -> u128 {
        let Price {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            reasoning,
            input_audio,
            output_audio,
            citation,
            image,
            request,
            search,
            minute: _,
            character,
        } = *self;
        let usage = usage.bounded();
        let plain_output = usage.output - usage.reasoning - usage.output_audio;
        let lines = [
            (usage.input, input),
            (usage.cache_read, cache_read.or(input)),
            (usage.cache_write, cache_write.or(input)),
            (usage.cache_write_1h, cache_write_1h.or(cache_write).or(input)),
            (usage.input_audio, input_audio.or(input)),
            (plain_output, output),
            (usage.reasoning, reasoning.or(output)),
            (usage.output_audio, output_audio.or(output)),
            (usage.citations, citation),
            (u32::from(usage.images), image),
            (u32::from(usage.requests), search),
            (usage.characters, character),
            (1, request),
        ];
        lines
            .iter()
            .map(|(units, rate)| u128::from(*units) * u128::from(rate.map_or(0, Rate::picos)))
            .sum()
    }

    /// Returns what prompt classes alone cost: `usage` without its completion.
    pub fn charge_prompt(&self, usage: &Usage) -> Money {
        self.charge(&Usage { output: 0, reasoning: 0, output_audio: 0, ..*usage })
    }

    /// Returns whether nothing is charged for whatever is used.
    pub fn is_free(&self) -> bool {
        let Price {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            reasoning,
            input_audio,
            output_audio,
            citation,
            image,
            request,
            search,
            minute,
            character,
        } = *self;
        [
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            reasoning,
            input_audio,
            output_audio,
            citation,
            image,
            request,
            search,
            minute,
            character,
        ]
        .into_iter()
        .flatten()
        .all(|rate| rate == Rate::FREE)
    }

    /// Returns these rates with the ones that `over` names replaced.
    fn overridden_by(self, over: &Price) -> Price {
        Price {
            input: over.input.or(self.input),
            output: over.output.or(self.output),
            cache_read: over.cache_read.or(self.cache_read),
            cache_write: over.cache_write.or(self.cache_write),
            cache_write_1h: over.cache_write_1h.or(self.cache_write_1h),
            reasoning: over.reasoning.or(self.reasoning),
            input_audio: over.input_audio.or(self.input_audio),
            output_audio: over.output_audio.or(self.output_audio),
            citation: over.citation.or(self.citation),
            image: over.image.or(self.image),
            request: over.request.or(self.request),
            search: over.search.or(self.search),
            minute: over.minute.or(self.minute),
            character: over.character.or(self.character),
        }
    }

    /// Returns, class by class, the higher of the two rates.
    fn at_most(self, other: &Price) -> Price {
        let dearer = |a: Option<Rate>, fallback_a: Option<Rate>, b: Option<Rate>, fallback_b| {
            a.or(fallback_a).max(b.or(fallback_b))
        };
        let (a, b) = (&self, other);
        Price {
            input: a.input.max(b.input),
            output: a.output.max(b.output),
            cache_read: dearer(a.cache_read, a.input, b.cache_read, b.input),
            cache_write: dearer(a.cache_write, a.input, b.cache_write, b.input),
            cache_write_1h: dearer(
                a.cache_write_1h.or(a.cache_write),
                a.input,
                b.cache_write_1h.or(b.cache_write),
                b.input,
            ),
            reasoning: dearer(a.reasoning, a.output, b.reasoning, b.output),
            input_audio: dearer(a.input_audio, a.input, b.input_audio, b.input),
            output_audio: dearer(a.output_audio, a.output, b.output_audio, b.output),
            citation: a.citation.max(b.citation),
            image: a.image.max(b.image),
            request: a.request.max(b.request),
            search: a.search.max(b.search),
            minute: a.minute.max(b.minute),
            character: a.character.max(b.character),
        }
    }
}

/// A price for prompts longer than a threshold. It applies to the whole request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceOver {
    /// Applies when the prompt has strictly more tokens than this.
    pub min_prompt_tokens: u32,
    /// The rates that it replaces; the others stay.
    pub price: Price,
}

/// A price that holds at some hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceWindow {
    /// When it holds.
    pub window: Window,
    /// What replaces the base price as a whole inside it.
    pub price: Price,
}

/// Everything that an endpoint may charge, with the conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceCard {
    /// The price when no condition holds.
    pub base: Price,
    /// Dearer (or cheaper) prices for long prompts, by rising threshold.
    pub over: Vec<PriceOver>,
    /// Prices by the hour; the last window that holds wins.
    pub windows: Vec<PriceWindow>,
    /// The price of the provider's `priority` service tier, which replaces the base as a whole.
    pub priority: Option<Price>,
}

impl PriceCard {
    /// Returns a card with one price and no conditions.
    pub fn flat(base: Price) -> PriceCard {
        PriceCard { base, ..PriceCard::default() }
    }

    /// Returns the price of a request that is admitted at `now`, before its prompt is counted.
    pub fn at(&self, now: Timestamp, priority: bool) -> PriceInForce<'_> {
        let tier = if priority { self.priority } else { None };
        let windowed =
            self.windows.iter().rev().find(|it| it.window.contains(now)).map(|it| it.price);
        PriceInForce { base: tier.or(windowed).unwrap_or(self.base), over: &self.over }
    }
}

/// The price at one instant; only the length of the prompt still decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceInForce<'a> {
    base: Price,
    over: &'a [PriceOver],
}

impl PriceInForce<'_> {
    /// Returns the rates that hold for a prompt of `prompt_tokens`.
    pub fn for_prompt(&self, prompt_tokens: u32) -> Price {
        self.over
            .iter()
            .filter(|over| over.min_prompt_tokens < prompt_tokens)
            .fold(self.base, |price, over| price.overridden_by(&over.price))
    }

    /// Returns what `usage` costs.
    pub fn charge(&self, usage: &Usage) -> Money {
        self.for_prompt(usage.bounded().prompt()).charge(usage)
    }

    /// Returns the rates that no request of at most `prompt_tokens` can exceed, class by class.
    pub fn dearest(&self, prompt_tokens: u32) -> Price {
        self.over
            .iter()
            .filter(|over| over.min_prompt_tokens < prompt_tokens)
            .scan(self.base, |price, over| {
                *price = price.overridden_by(&over.price);
                Some(*price)
            })
            .fold(self.base, |dearest, price| dearest.at_most(&price))
    }

    /// Returns an upper bound of what a request can cost that uses at most `most`: its `input` in
    /// whichever prompt class is dearest, its `output` in whichever output class is, and the rest
    /// as it stands.
    pub fn ceiling(&self, most: &Usage) -> Money {
        let dearest = self.dearest(most.input);
        let input_rate = dearest
            .input
            .max(dearest.cache_read)
            .max(dearest.cache_write)
            .max(dearest.cache_write_1h)
            .max(dearest.input_audio);
        let output_rate = dearest.output.max(dearest.reasoning).max(dearest.output_audio);
        let flat = Price { input: input_rate, output: output_rate, ..dearest };
        let worst = Price {
            cache_read: None,
            cache_write: None,
            cache_write_1h: None,
            reasoning: None,
            input_audio: None,
            output_audio: None,
            ..flat
        };
        worst.charge(most)
    }

    /// Returns the snapshot to keep with the request: the base rates, which an overlay or a reload
    /// no longer changes, and the thresholds.
    pub fn to_owned_card(&self) -> PriceCard {
        PriceCard { base: self.base, over: self.over.to_vec(), ..PriceCard::default() }
    }
}
