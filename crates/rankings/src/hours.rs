//! Which hours of the week are cheap, and not only by chance.

use crate::test::{above_zero, benjamini_hochberg};

/// Hours of a week, from Monday 00:00 UTC.
pub const HOURS: usize = 168;

/// What was used and paid in one hour of one week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Tokens of prompts.
    pub prompt_tokens: u64,
    /// What they cost, in nano-dollars.
    pub prompt_nanos: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What they cost, in nano-dollars.
    pub output_nanos: u64,
}

/// The part of the basket that is prompt.
pub const BASKET_PROMPT: f64 = 0.8;

impl Cell {
    /// Returns what a million tokens of the fixed basket cost, in nano-dollars: four fifths prompt
    /// and one fifth answer, each at what was paid for it. `None` where one of them was not bought.
    ///
    /// The basket is fixed (Laspeyres) so that a change in who calls at night does not look like
    /// a change of price.
    pub fn basket(&self) -> Option<f64> {
        let rate = |nanos: u64, tokens: u64| {
            (tokens != 0).then(|| nanos as f64 / tokens as f64 * 1_000_000.0)
        };
        let prompt = rate(self.prompt_nanos, self.prompt_tokens)?;
        let output = rate(self.output_nanos, self.output_tokens)?;
        Some(BASKET_PROMPT * prompt + (1.0 - BASKET_PROMPT) * output)
    }
}

/// What is known of one hour of the week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Its price over the mean of its week, less one: the mean of that over the weeks. `None`
    /// where fewer than [`WEEKS_MIN`] weeks have it.
    pub effect: Option<f64>,
    /// Weeks that have it.
    pub weeks: u32,
    /// It is cheap for sure, and by five percent at least.
    pub is_cheap: bool,
    /// It is dear for sure, and by five percent at least.
    pub is_dear: bool,
}

/// Weeks that an hour has to be seen in.
pub const WEEKS_MIN: u32 = 6;
const EFFECT_MIN: f64 = 0.05;
const FALSE_RATE: f64 = 0.10;

/// Judges the hours of a week from prices by week and hour, `None` where there is none.
///
/// Each hour's price is taken over the mean of its week, as a logarithm. A one-sided t test over
/// the weeks, corrected after Benjamini and Hochberg at 10 % over all hours, and an effect of at
/// least 5 % call it cheap; the same the other way round calls it dear.
pub fn judge(weeks: &[Vec<Option<f64>>]) -> Vec<Hour> {
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); HOURS];
    for week in weeks {
        let logs: Vec<Option<f64>> = (0..HOURS)
            .map(|hour| week.get(hour).copied().flatten().filter(|it| 0.0 < *it).map(f64::ln))
            .collect();
        let known: Vec<f64> = logs.iter().copied().flatten().collect();
        if known.is_empty() {
            continue;
        }
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        for (hour, log) in logs.iter().enumerate() {
            seen[hour].extend(log.map(|log| log - mean));
        }
    }
    let enough: Vec<usize> =
        (0..HOURS).filter(|hour| WEEKS_MIN as usize <= seen[*hour].len()).collect();
    let cheap = flags(&seen, &enough, -1.0);
    let dear = flags(&seen, &enough, 1.0);
    let mut hours: Vec<Hour> = seen
        .iter()
        .map(|logs| Hour {
            effect: None,
            weeks: logs.len() as u32,
            is_cheap: false,
            is_dear: false,
        })
        .collect();
    for (place, hour) in enough.iter().enumerate() {
        let logs = &seen[*hour];
        let effect = (logs.iter().sum::<f64>() / logs.len() as f64).exp() - 1.0;
        let Hour { effect: shown, is_cheap, is_dear, .. } = &mut hours[*hour];
        *shown = Some(effect);
        *is_cheap = cheap[place] && effect <= -EFFECT_MIN;
        *is_dear = dear[place] && EFFECT_MIN <= effect;
    }
    hours
}

fn flags(seen: &[Vec<f64>], enough: &[usize], sign: f64) -> Vec<bool> {
    let chance = |hour: &usize| {
        let signed: Vec<f64> = seen[*hour].iter().map(|log| sign * log).collect();
        above_zero(&signed).unwrap_or(1.0)
    };
    let chances: Vec<f64> = enough.iter().map(chance).collect();
    benjamini_hochberg(&chances, FALSE_RATE)
}

/// A run of cheap hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The first hour, from Monday 00:00 UTC.
    pub start: usize,
    /// How many hours it lasts; it may go on over the end of the week.
    pub hours: usize,
    /// The mean effect of its hours.
    pub effect: f64,
}

/// Returns the runs of cheap hours, the deepest first. A week that is cheap throughout has none:
/// cheap is what is below the week.
pub fn cheap_spans(hours: &[Hour]) -> Vec<Span> {
    let count = hours.len();
    let is_cheap = |place: usize| hours[place % count].is_cheap;
    if count == 0 || (0..count).all(is_cheap) {
        return Vec::new();
    }
    let mut spans: Vec<Span> = Vec::new();
    for start in (0..count).filter(|place| is_cheap(*place) && !is_cheap(place + count - 1)) {
        let length = (1..count).take_while(|step| is_cheap(start + step)).count() + 1;
        let effects = (start..start + length).filter_map(|place| hours[place % count].effect);
        let effect = effects.sum::<f64>() / length as f64;
        spans.push(Span { start, hours: length, effect });
    }
    spans.sort_by(|a, b| a.effect.total_cmp(&b.effect).then(a.start.cmp(&b.start)));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(price: impl Fn(usize, usize) -> Option<f64>) -> Vec<Vec<Option<f64>>> {
        (0..12).map(|week| (0..HOURS).map(|hour| price(week, hour)).collect()).collect()
    }

    #[test]
    fn a_night_rate_is_found_over_the_end_of_the_week() {
        let night = |hour: usize| !(2..166).contains(&hour);
        let found = judge(&weeks(|week, hour| {
            let noise = 1.0 + 0.01 * ((week * 7 + hour * 13) % 5) as f64;
            Some(if night(hour) { 70.0 * noise } else { 100.0 * noise })
        }));
        let spans = cheap_spans(&found);
        assert_eq!(spans.len(), 1);
        assert_eq!((spans[0].start, spans[0].hours), (166, 4));
        assert!((-0.35..-0.25).contains(&spans[0].effect), "{spans:?}");
    }

    #[test]
    fn too_few_weeks_and_small_effects_say_nothing() {
        let rare =
            judge(&weeks(|week, hour| (week < 3 || hour == 0).then_some(50.0 + hour as f64)));
        assert!(rare[5].effect.is_none() && !rare[5].is_cheap);
        let slight = judge(&weeks(|_, hour| Some(if hour == 9 { 98.0 } else { 100.0 })));
        assert!(slight.iter().all(|hour| !hour.is_cheap && !hour.is_dear));
        assert!(cheap_spans(&judge(&[])).is_empty());
    }

    #[test]
    fn who_calls_does_not_move_the_basket() {
        let day = Cell {
            prompt_tokens: 1_000,
            prompt_nanos: 1_000_000,
            output_tokens: 10,
            output_nanos: 40_000,
        };
        let night = Cell {
            prompt_tokens: 10,
            prompt_nanos: 10_000,
            output_tokens: 1_000,
            output_nanos: 4_000_000,
        };
        assert!((day.basket().expect("a price") - night.basket().expect("a price")).abs() < 1e-3);
        assert_eq!(Cell::default().basket(), None);
    }
}
