//! Reading events and sums.

use std::collections::HashMap;

use classify::Tag;
use domain::generation::Outcome;
use domain::id::GenerationId;
use domain::time::Timestamp;
use rankings::hours::Cell;
use rankings::sketch::Sketch;
use serde_json::Value;

use super::ClickHouse;
use super::http::quoted;
use super::tables::UNCOUNTED;
use crate::event::{Context, Event, FailedTry, Finish, Name, Service, Tokens};
use crate::figures::Day;
use crate::store::rows::{CaseRow, Days, PriceRow, RateRow, ServiceRow, StoreError, UseRow};
use crate::sums::{ENDING_FLAGS, Grain, Side, Tally, Use, ending, set_flags};

/// A row, read from its first value to its last.
struct Reader(std::vec::IntoIter<Value>);

impl Reader {
    fn of(row: Vec<Value>) -> Reader {
        Reader(row.into_iter())
    }

    fn text(&mut self) -> Result<String, StoreError> {
        match self.0.next() {
            Some(Value::String(text)) => Ok(text),
            _ => Err(StoreError::Corrupt("a text")),
        }
    }

    fn name(&mut self) -> Result<Name, StoreError> {
        self.text().map(Name::from)
    }

    fn maybe(&mut self) -> Result<Option<Name>, StoreError> {
        Ok(Some(self.name()?).filter(|name| !name.is_empty()))
    }

    fn signed(&mut self) -> Result<i64, StoreError> {
        self.0.next().and_then(|value| value.as_i64()).ok_or(StoreError::Corrupt("a number"))
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        self.0.next().and_then(|value| value.as_u64()).ok_or(StoreError::Corrupt("a number"))
    }

    fn small(&mut self) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.number()?).unwrap_or(u32::MAX))
    }

    fn short(&mut self) -> Result<u16, StoreError> {
        Ok(u16::try_from(self.number()?).unwrap_or(u16::MAX))
    }

    fn used(&mut self) -> Result<Use, StoreError> {
        Ok(Use {
            requests: self.number()?,
            prompt: self.number()?,
            cache_read: self.number()?,
            output: self.number()?,
            reasoning: self.number()?,
            cost_nanos: self.number()?,
            list_nanos: self.number()?,
        })
    }
}

const USED: &str = "sum(requests), sum(prompt), sum(cache_read), sum(output), sum(reasoning),
                    sum(cost_nanos), sum(list_nanos)";

impl ClickHouse {
    async fn one(&self, sql: &str) -> Result<Option<i64>, StoreError> {
        let rows = self.door.rows(sql).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_i64))
    }

    /// See `Store::through`.
    pub(in crate::store) async fn through(&self) -> Result<u64, StoreError> {
        Ok(self.one("SELECT max(through) FROM source").await?.unwrap_or(0).unsigned_abs())
    }

    /// See `Store::has_synthetic`.
    pub(in crate::store) async fn has_synthetic(&self) -> Result<bool, StoreError> {
        Ok(self.one("SELECT max(synthetic) FROM source").await? == Some(1))
    }

    /// See `Store::first_day`.
    pub(in crate::store) async fn first_day(&self) -> Result<Option<Day>, StoreError> {
        let count = self.one("SELECT count() FROM uses WHERE side = 0").await?;
        match count {
            Some(count) if 0 < count => self.one("SELECT min(day) FROM uses WHERE side = 0").await,
            _ => Ok(None),
        }
    }

    /// See `Store::uses`.
    pub(in crate::store) async fn uses(
        &self,
        side: Side,
        (from, through): (Day, Day),
        days: Days,
    ) -> Result<Vec<UseRow>, StoreError> {
        let side = Side::ALL.iter().position(|it| *it == side).unwrap_or_default();
        let (first, group) = match days {
            Days::Apart => ("day", "day, value, model, account"),
            Days::Together => ("max(day)", "value, model, account"),
        };
        let sql = format!(
            "SELECT {first}, value, model, account, {USED} FROM uses
              WHERE side = {side} AND day BETWEEN {from} AND {through} GROUP BY {group}"
        );
        let read = |row: Vec<Value>| {
            let mut row = Reader::of(row);
            let day = row.signed()?;
            Ok(UseRow {
                day: if days == Days::Apart { day } else { through },
                value: row.name()?,
                model: row.name()?,
                account: row.name()?,
                used: row.used()?,
            })
        };
        self.door.rows(&sql).await?.into_iter().map(read).collect()
    }

    /// See `Store::services`.
    pub(in crate::store) async fn services(
        &self,
        grain: Grain,
        (from, through): (i64, i64),
    ) -> Result<Vec<ServiceRow>, StoreError> {
        let place = Grain::ALL.iter().position(|it| *it == grain).unwrap_or_default();
        let range = format!("grain = {place} AND period BETWEEN {from} AND {through}");
        let sql = format!(
            "SELECT period, endpoint, kind, bucket, sum(count) FROM sketches
              WHERE {range} GROUP BY period, endpoint, kind, bucket ORDER BY bucket"
        );
        let mut sketches: HashMap<(i64, Name, u64), Vec<(u16, u64)>> = HashMap::new();
        for row in self.door.rows(&sql).await? {
            let mut row = Reader::of(row);
            let key = (row.signed()?, row.name()?, row.number()?);
            sketches.entry(key).or_default().push((row.short()?, row.number()?));
        }
        let sql = format!(
            "SELECT period, endpoint, sum(served), sum(failed), sum(busy), sum(good),
                    sum(tool_answers), sum(tool_invalid), sum(tool_unparseable), sum(tool_unknown),
                    sum(tool_unjudged), {USED}, sum(list_prompt_nanos),
                    sum(cache_saved_nanos)
               FROM services WHERE {range} GROUP BY period, endpoint ORDER BY period, endpoint"
        );
        let mut sketch = |key| Sketch::of(sketches.remove(&key).unwrap_or_default());
        let mut services = Vec::new();
        for row in self.door.rows(&sql).await? {
            let mut row = Reader::of(row);
            let (period, endpoint) = (row.signed()?, row.name()?);
            let tally = Tally {
                served: row.number()?,
                failed: row.number()?,
                busy: row.number()?,
                good: row.number()?,
                tool_answers: row.number()?,
                tool_invalid: row.number()?,
                tool_unparseable: row.number()?,
                tool_unknown: row.number()?,
                tool_unjudged: row.number()?,
                used: row.used()?,
                list_prompt_nanos: row.number()?,
                cache_saved_nanos: row.signed()?,
                ttft: sketch((period, endpoint.clone(), 0)),
                speed: sketch((period, endpoint.clone(), 1)),
            };
            services.push(ServiceRow { period, endpoint, tally });
        }
        Ok(services)
    }

    /// See `Store::rates`.
    pub(in crate::store) async fn rates(
        &self,
        (from, through): (i64, i64),
    ) -> Result<Vec<RateRow>, StoreError> {
        let sql = format!(
            "SELECT hour, model, sum(prompt), sum(prompt_nanos), sum(output), sum(output_nanos)
               FROM rates WHERE hour BETWEEN {from} AND {through}
              GROUP BY hour, model ORDER BY hour, model"
        );
        let read = |row: Vec<Value>| {
            let mut row = Reader::of(row);
            Ok(RateRow {
                hour: row.signed()?,
                model: row.name()?,
                cell: Cell {
                    prompt_tokens: row.number()?,
                    prompt_nanos: row.number()?,
                    output_tokens: row.number()?,
                    output_nanos: row.number()?,
                },
            })
        };
        self.door.rows(&sql).await?.into_iter().map(read).collect()
    }

    /// See `Store::apps`.
    pub(in crate::store) async fn apps(
        &self,
    ) -> Result<Vec<(u32, Name, Option<Name>)>, StoreError> {
        let sql = "SELECT app, argMaxIf(title, at_ms, title != '') FROM apps GROUP BY app";
        let read = |row: Vec<Value>| {
            let mut row = Reader::of(row);
            let app = row.name()?;
            // FNV-1a: a number that stays the same without anybody giving it out.
            let id = app.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
            Ok((id, app, row.maybe()?))
        };
        self.door.rows(sql).await?.into_iter().map(read).collect()
    }

    /// See `Store::prices`.
    pub(in crate::store) async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        let sql = "SELECT endpoint, at_ms, price FROM prices ORDER BY endpoint, at_ms";
        let read = |row: Vec<Value>| {
            let mut row = Reader::of(row);
            Ok(PriceRow {
                endpoint: row.name()?,
                at: Timestamp::from_ms(row.signed()?),
                price: serde_json::from_str(&row.text()?)
                    .map_err(|_| StoreError::Corrupt("a price"))?,
            })
        };
        self.door.rows(sql).await?.into_iter().map(read).collect()
    }

    /// See `Store::cases`.
    pub(in crate::store) async fn cases(
        &self,
        model: &str,
        day: Day,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let place = Context::place_sql("input + cache_read + cache_write");
        let model = quoted(model);
        let sql = format!(
            "SELECT account, bitAnd(flags, {ENDING_FLAGS}) AS ending, task, language,
                    {place} AS context, count(), sum(input + cache_read + cache_write),
                    sum(output), sum(reasoning), sum(tool_calls != 0), sum(tool_calls_invalid != 0)
               FROM events WHERE day = {day} AND model = {model}
              GROUP BY account, ending, task, language, context
              ORDER BY account, ending, task, language, context"
        );
        let read = |row: Vec<Value>| {
            let mut row = Reader::of(row);
            let account = row.name()?;
            let (outcome, finish) = ending(row.short()?).ok_or(StoreError::Corrupt("flags"))?;
            Ok(CaseRow {
                account,
                outcome,
                finish,
                task: row.maybe()?,
                language: row.maybe()?,
                context: Context::at(row.number()?)
                    .ok_or(StoreError::Corrupt("a size of prompts"))?,
                requests: row.number()?,
                prompt: row.number()?,
                output: row.number()?,
                reasoning: row.number()?,
                tool_answers: row.number()?,
                tool_invalid: row.number()?,
            })
        };
        self.door.rows(&sql).await?.into_iter().map(read).collect()
    }

    /// See `Store::events`.
    pub(in crate::store) async fn events(&self, day: Day) -> Result<Vec<Event>, StoreError> {
        self.events_where(day, "1").await
    }

    /// Returns the events of a day of which something holds, by id.
    pub(super) async fn events_where(
        &self,
        day: Day,
        what: &str,
    ) -> Result<Vec<Event>, StoreError> {
        let sql = format!(
            "SELECT id, at_ms, account, api_key, model, endpoint, provider, region, app, flags,
                    input, cache_read, cache_write, output, reasoning, cost_nanos, list_nanos,
                    list_prompt_nanos, cache_saved_nanos, ttft_ms, duration_ms, failed, tools,
                    tool_calls, tool_calls_invalid, task, language
               FROM events WHERE day = {day} AND {what} ORDER BY id"
        );
        self.door.rows(&sql).await?.into_iter().map(event).collect()
    }
}

fn event(row: Vec<Value>) -> Result<Event, StoreError> {
    let mut row = Reader::of(row);
    let id = GenerationId::parse(&row.text()?).ok_or(StoreError::Corrupt("an id"))?;
    let at = Timestamp::from_ms(row.signed()?);
    let [account, key, model] = [row.name()?, row.name()?, row.name()?];
    let [endpoint, provider, region, app] =
        [row.maybe()?, row.maybe()?, row.maybe()?, row.maybe()?];
    let kept = row.short()?;
    let tokens = Tokens {
        input: row.small()?,
        cache_read: row.small()?,
        cache_write: row.small()?,
        output: row.small()?,
        reasoning: row.small()?,
    };
    let mut event = Event {
        id,
        at,
        account,
        key,
        model,
        endpoint,
        provider,
        region,
        app,
        app_title: None,
        outcome: Outcome::Finished,
        finish: Finish::Unknown,
        tokens,
        cost_nanos: row.number()?,
        list_nanos: row.number()?,
        list_prompt_nanos: row.number()?,
        cache_saved_nanos: row.signed()?,
        ttft_ms: u32::try_from(row.signed()?).ok(),
        duration_ms: row.small()?,
        service: Service::Untold,
        failed: tries(&row.text()?)?,
        tools: Some(row.short()?).filter(|tools| *tools != UNCOUNTED),
        tool_calls: row.short()?,
        tool_calls_invalid: row.short()?,
        tool_verdict: None,
        task: Tag::parse(&row.text()?),
        language: row.maybe()?,
        streamed: false,
        routed: false,
        synthetic: false,
    };
    set_flags(&mut event, kept).ok_or(StoreError::Corrupt("flags"))?;
    Ok(event)
}

fn tries(text: &str) -> Result<Vec<FailedTry>, StoreError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let pairs: Vec<(String, usize)> =
        serde_json::from_str(text).map_err(|_| StoreError::Corrupt("failed tries"))?;
    let one = |(endpoint, place): (String, usize)| FailedTry {
        endpoint: endpoint.into(),
        service: Service::ALL.get(place).copied().unwrap_or(Service::Untold),
    };
    Ok(pairs.into_iter().map(one).collect())
}
