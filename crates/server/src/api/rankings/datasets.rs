//! `/datasets`: tokens of models by day, week or month, and of applications.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use domain::failure::Failure;
use domain::time::{DAY_MS, Timestamp};
use http::HeaderMap;
use serde_json::{Value, json};
use traffic::figures::{App as Application, Day, Figures, Scope, Series, date, day_of};

use super::allowed;
use crate::app::App;
use crate::error::ApiError;
use crate::shelf::ranking::meta;

/// Rows of a date before the rest is told as one.
const ROWS_MAX: usize = 50;
const DAYS_DEFAULT: Day = 30;
const DAYS_MAX: Day = 366;
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 100;

/// `GET /datasets/rankings-daily`: tokens of prompts and answers by date and model. The fifty most
/// used of a date are named, the others told together as `other`, last. Days older than ninety are
/// not told.
///
/// # Errors
/// `Authentication` on a private instance; `InvalidRequest` for dates that are none, or filters
/// that are not kept count of.
pub async fn rankings_daily(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let figures = allowed(&app, &headers).await?;
    let wanted = Wanted::read(&pairs, &["start_date", "end_date", "period"], &figures)?;
    let period = wanted.word("period", &["day", "week", "month"])?;
    let mut dates: BTreeMap<Day, BTreeMap<&str, u64>> = BTreeMap::new();
    for (model, told) in &figures.models {
        for (day, tokens) in days(&told.series).filter(|(day, _)| wanted.holds(*day)) {
            let date = dates.entry(first_of(day, period)).or_default();
            *date.entry(model).or_default() += tokens;
        }
    }
    let mut rows: Vec<Value> = Vec::new();
    for (day, models) in dates {
        let mut models: Vec<(&str, u64)> = models.into_iter().filter(|it| it.1 != 0).collect();
        models.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let other: u64 = models.iter().skip(ROWS_MAX).map(|it| it.1).sum();
        models.truncate(ROWS_MAX);
        models.extend((other != 0).then_some(("other", other)));
        rows.extend(models.into_iter().map(|(model, tokens)| {
            let tokens = tokens.to_string();
            json!({ "date": date(day), "model_permaslug": model, "total_tokens": tokens })
        }));
    }
    Ok(Json(json!({ "data": rows, "meta": wanted.meta(&figures) })))
}

/// `GET /datasets/app-rankings`: applications by the tokens of a time, or by what they grew.
///
/// # Errors
/// `Authentication` on a private instance; `InvalidRequest` for dates or limits that are none, or
/// categories, which are not kept.
pub async fn app_rankings(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let figures = allowed(&app, &headers).await?;
    let known = ["start_date", "end_date", "sort", "limit", "offset"];
    let wanted = Wanted::read(&pairs, &known, &figures)?;
    let sort = wanted.word("sort", &["popular", "trending"])?;
    let limit = wanted.number("limit", LIMIT_DEFAULT, 1, LIMIT_MAX)?;
    let offset = wanted.number("offset", 0, 0, LIMIT_MAX)?;
    let mut apps: Vec<(&Application, u64, u64)> = Vec::new();
    for app in &figures.apps {
        let tokens = wanted.sum(&app.series, &app.series.tokens, 0);
        let requests = wanted.sum(&app.series, &app.series.requests, 0);
        let told = match sort {
            "trending" => {
                let before = (1..=3).map(|back| wanted.sum(&app.series, &app.series.tokens, back));
                tokens.saturating_sub(before.sum::<u64>() / 3)
            }
            _ => tokens,
        };
        if told != 0 {
            apps.push((app, told, requests));
        }
    }
    // Of a public instance several figures of one cell would tell too much.
    let is_private = figures.scope == Scope::Private;
    apps.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.url.cmp(&b.0.url)));
    let rows: Vec<Value> = (1_u32..)
        .zip(apps)
        .skip(offset)
        .take(limit)
        .map(|(rank, (app, tokens, requests))| {
            json!({
                "rank": rank,
                "app_id": app.id,
                "app_name": app.title,
                "app_url": app.url,
                "verified": app.is_verified,
                "total_tokens": tokens.to_string(),
                "total_requests": is_private.then_some(requests),
            })
        })
        .collect();
    Ok(Json(json!({ "data": rows, "meta": wanted.meta(&figures) })))
}

/// A query of a dataset.
struct Wanted<'a> {
    pairs: &'a [(String, String)],
    first: Day,
    last: Day,
}

impl<'a> Wanted<'a> {
    fn read(
        pairs: &'a [(String, String)],
        known: &[&str],
        figures: &Figures,
    ) -> Result<Wanted<'a>, Failure> {
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let name: String = name.chars().take(60).collect();
            let known = known.join(", ");
            return Err(Failure::invalid(format!(
                "`{name}` is not kept count of; there are {known}"
            )));
        }
        let mut wanted = Wanted { pairs, first: 0, last: 0 };
        let yesterday = figures.made.day() - 1;
        wanted.last = wanted.day("end_date")?.unwrap_or(yesterday);
        wanted.first = wanted.day("start_date")?.unwrap_or(wanted.last - DAYS_DEFAULT + 1);
        if wanted.last < wanted.first {
            return Err(Failure::invalid("`start_date` is after `end_date`"));
        }
        if DAYS_MAX <= wanted.last - wanted.first {
            return Err(Failure::invalid(format!("more than {DAYS_MAX} days")));
        }
        Ok(wanted)
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn day(&self, name: &str) -> Result<Option<Day>, Failure> {
        let Some(text) = self.find(name) else { return Ok(None) };
        let day = day_of(text).filter(|day| date(*day) == text);
        day.map(Some).ok_or_else(|| {
            Failure::invalid(format!("`{name}` is no day of the calendar, written like 2026-11-25"))
        })
    }

    /// Returns one of several words, the first where none was said.
    fn word(&self, name: &str, all: &[&'static str]) -> Result<&'static str, Failure> {
        let Some(word) = self.find(name) else { return Ok(all[0]) };
        let found = all.iter().find(|known| **known == word).copied();
        found.ok_or_else(|| Failure::invalid(format!("`{name}` is one of {}", all.join(", "))))
    }

    fn number(&self, name: &str, usual: usize, min: usize, max: usize) -> Result<usize, Failure> {
        let Some(text) = self.find(name) else { return Ok(usual) };
        let number = text.parse().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| Failure::invalid(format!("`{name}` is a number from {min} to {max}")))
    }

    fn holds(&self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Returns the sum of figures over the days that are wanted, or as many days so many times
    /// before.
    fn sum(&self, series: &Series, figures: &[Option<u64>], back: Day) -> u64 {
        let length = self.last - self.first + 1;
        let days = (series.first..).zip(figures);
        days.filter(|(day, _)| self.holds(day + back * length)).filter_map(|it| *it.1).sum()
    }

    fn meta(&self, figures: &Figures) -> Value {
        let mut meta = meta(figures);
        meta["start_date"] = json!(date(self.first));
        meta["end_date"] = json!(date(self.last));
        meta
    }
}

fn days(series: &Series) -> impl Iterator<Item = (Day, u64)> {
    (series.first..).zip(&series.tokens).filter_map(|(day, tokens)| Some((day, (*tokens)?)))
}

/// Returns the first day of the period that holds a day; weeks begin on Mondays.
fn first_of(day: Day, period: &str) -> Day {
    let at = Timestamp::from_ms(day * DAY_MS);
    match period {
        "week" => at.week_start().day(),
        "month" => at.month_start().day(),
        _ => day,
    }
}
