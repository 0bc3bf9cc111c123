//! Limits as people write them: rows of a measure or several, and an interval.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rate::{Interval, Measure, Rate};
use crate::money::Money;

/// A row: `{"requests": 60, "tokens": 100000, "spend": "2.50", "interval": "1m"}`, of which at
/// least one measure is there. `spend` is in dollars, as text or as a number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateForm {
    /// The most requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// The most tokens, of prompts and answers together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// The most dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend: Option<Value>,
    /// In what time: see [`Interval::parse`].
    pub interval: String,
}

/// Why rows are no limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateFault {
    /// An interval cannot be read.
    #[error("`{0}` is no interval; write 10s, 1m, 1h, 7d (at most 31d), or day for the calendar's")]
    Interval(String),
    /// A row names no measure.
    #[error("a limit has `requests`, `tokens` or `spend`")]
    Nothing,
    /// A limit is zero or too large.
    #[error("a limit of {0} is at least 1 and at most {MOST}, and one of spend a few nano-dollars")]
    Amount(&'static str),
    /// The same measure has two limits for one interval.
    #[error("{0} has two limits for the same interval")]
    Twice(&'static str),
    /// There are too many.
    #[error("there are more than {ROWS_MAX} limits")]
    Many,
}

/// The largest limit: what JSON's readers hold exactly.
const MOST: u64 = 1 << 53;
/// The most limits of one list.
const ROWS_MAX: usize = 16;

/// Reads rows.
///
/// # Errors
/// When one of them is no limit, or two contradict each other.
pub fn read_rates(rows: &[RateForm]) -> Result<Vec<Rate>, RateFault> {
    let mut rates: Vec<Rate> = Vec::new();
    for row in rows {
        let interval = Interval::parse(&row.interval)
            .ok_or_else(|| RateFault::Interval(row.interval.chars().take(20).collect()))?;
        let before = rates.len();
        for measure in Measure::ALL {
            let Some(limit) = limit(row, measure)? else { continue };
            let is_twice = |it: &Rate| it.measure == measure && it.interval == interval;
            if rates.iter().any(is_twice) {
                return Err(RateFault::Twice(measure.word()));
            }
            rates.push(Rate { measure, limit, interval });
        }
        if rates.len() == before {
            return Err(RateFault::Nothing);
        }
    }
    if ROWS_MAX < rates.len() { Err(RateFault::Many) } else { Ok(rates) }
}

fn limit(row: &RateForm, measure: Measure) -> Result<Option<u64>, RateFault> {
    let fault = || RateFault::Amount(measure.word());
    let limit = match measure {
        Measure::Requests => row.requests,
        Measure::Tokens => row.tokens,
        Measure::Spend => match &row.spend {
            None | Some(Value::Null) => None,
            Some(value) => Some(nanos(value).ok_or_else(fault)?),
        },
    };
    let Some(limit) = limit else { return Ok(None) };
    if (1..=MOST).contains(&limit) { Ok(Some(limit)) } else { Err(fault()) }
}

/// Reads dollars: a number's own digits count, so nothing is rounded.
fn nanos(value: &Value) -> Option<u64> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64()?.to_string(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    u64::try_from(Money::parse_dollars(&text).ok()?.nanos()).ok()
}

/// Writes limits as rows, one for each.
pub fn shown_rates(rates: &[Rate]) -> Vec<RateForm> {
    let row = |rate: &Rate| {
        let mut row = RateForm { interval: rate.interval.to_string(), ..RateForm::default() };
        match rate.measure {
            Measure::Requests => row.requests = Some(rate.limit),
            Measure::Tokens => row.tokens = Some(rate.limit),
            Measure::Spend => {
                let nanos = i64::try_from(rate.limit).unwrap_or(i64::MAX);
                row.spend = Some(Value::String(Money::from_nanos(nanos).to_string()));
            }
        }
        row
    };
    rates.iter().map(row).collect()
}

/// Limits of a record, as rows.
pub(crate) mod as_rows {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Rate, RateForm, read_rates, shown_rates};

    pub(crate) fn serialize<S: Serializer>(
        rates: &Option<Vec<Rate>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        rates.as_deref().map(shown_rates).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Rate>>, D::Error> {
        let rows = Option::<Vec<RateForm>>::deserialize(deserializer)?;
        rows.map(|rows| read_rates(&rows).map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(rows: Value) -> Result<Vec<Rate>, RateFault> {
        let rows: Vec<RateForm> = serde_json::from_value(rows).unwrap();
        read_rates(&rows)
    }

    #[test]
    fn a_row_may_limit_several_measures() {
        let rows = json!([{"requests": 60, "spend": 0.25, "interval": "1m"}, {"tokens": 5, "interval": "day"}]);
        let rates = read(rows).unwrap();
        let limits: Vec<u64> = rates.iter().map(|rate| rate.limit).collect();
        assert_eq!(limits, [60, 250_000_000, 5]);
        let shown = serde_json::to_value(shown_rates(&rates)).unwrap();
        assert_eq!(
            shown,
            json!([{"requests": 60, "interval": "1m"}, {"spend": "0.25", "interval": "1m"},
                   {"tokens": 5, "interval": "day"}])
        );
        assert_eq!(read(shown).unwrap(), rates);
    }

    #[test]
    fn what_limits_nothing_is_refused() {
        let fault = |rows: Value| read(rows).unwrap_err();
        assert_eq!(fault(json!([{"interval": "1m"}])), RateFault::Nothing);
        let zero = json!([{"requests": 0, "interval": "1m"}]);
        assert_eq!(fault(zero), RateFault::Amount("requests"));
        let negative = json!([{"spend": "-1", "interval": "1m"}]);
        assert_eq!(fault(negative), RateFault::Amount("spend"));
        let twice = json!([{"tokens": 1, "interval": "60s"}, {"tokens": 2, "interval": "1m"}]);
        assert_eq!(fault(twice), RateFault::Twice("tokens"));
        assert!(matches!(
            fault(json!([{"tokens": 1, "interval": "soon"}])),
            RateFault::Interval(_)
        ));
        let many: Vec<Value> =
            (1..=17).map(|it| json!({"tokens": 1, "interval": format!("{it}s")})).collect();
        assert_eq!(fault(Value::Array(many)), RateFault::Many);
    }
}
