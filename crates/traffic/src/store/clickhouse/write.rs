//! Writing events and sums.

use std::collections::{HashMap, HashSet};

use rankings::sketch::Sketch;
use serde_json::{Value, json};

use super::http::quoted;
use super::tables::{BY_DAY, BY_GRAIN, UNCOUNTED};
use super::{ClickHouse, Writer};
use crate::event::{Event, Name};
use crate::figures::Day;
use crate::store::names::Names;
use crate::store::rows::{Batch, PriceRow, Retention, StoreError};
use crate::sums::{Grain, Side, Sums, Tally, Use, flags};

/// Ids that are looked up at once.
const LOOKUP: usize = 2_000;
/// Rows that are inserted at once.
const INSERTED: usize = 50_000;

impl ClickHouse {
    /// See `Store::write`.
    pub(in crate::store) async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        if writer.is_doubtful {
            self.mend(writer.events_from).await?;
            writer.is_doubtful = false;
        }
        if batch.through <= self.through().await? {
            return Ok(());
        }
        writer.is_doubtful = true;
        self.add(&mut writer, batch).await?;
        writer.is_doubtful = false;
        Ok(())
    }

    /// See `Store::seed`.
    pub(in crate::store) async fn seed(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        self.add(&mut writer, batch).await
    }

    async fn add(&self, writer: &mut Writer, batch: &Batch) -> Result<(), StoreError> {
        let known = self.known(&batch.events).await?;
        let mut seen: HashSet<&str> = HashSet::new();
        let mut fresh: Vec<&Event> = Vec::new();
        let mut rows: HashMap<Day, Vec<Value>> = HashMap::new();
        for (number, event) in &batch.events {
            let id = event.id.as_str();
            let before = known.get(id);
            if !seen.insert(id) || before.is_some_and(|before| before != number) {
                continue;
            }
            fresh.push(event);
            if before.is_none() {
                rows.entry(event.at.day()).or_default().push(row(*number, event));
            }
        }
        for rows in rows.values() {
            self.insert("events", rows).await?;
        }
        // An insert into many partitions is refused by newer releases.
        fresh.sort_by_key(|event| event.at.day());
        for events in fresh.chunk_by(|a, b| a.at.day() == b.at.day()) {
            self.add_sums(events).await?;
        }
        self.name_apps(writer, &fresh).await?;
        let synthetic = u8::from(fresh.iter().any(|event| event.synthetic));
        let source = json!({ "through": batch.through, "synthetic": synthetic });
        self.insert("source", &[source]).await
    }

    /// Adds events to the sums.
    async fn add_sums(&self, events: &[&Event]) -> Result<(), StoreError> {
        let mut names = Names::default();
        let mut sums = Sums::default();
        for event in events {
            let codes = names.codes(event);
            sums.add(event, &codes);
        }
        let name = |code| names.name(code).to_string();
        let uses: Vec<Value> = sums
            .uses
            .iter()
            .map(|(key, used)| {
                let side = Side::ALL.iter().position(|side| *side == key.side);
                let (value, model, account) = (name(key.value), name(key.model), name(key.account));
                with_use(
                    json!({ "side": side, "day": key.day, "value": value, "model": model,
                            "account": account }),
                    used,
                )
            })
            .collect();
        self.insert("uses", &uses).await?;
        let (mut services, mut sketches) = (Vec::new(), Vec::new());
        for (key, tally) in &sums.services {
            let at = json!({ "grain": place(key.grain), "day": day(key.grain, key.period),
                             "period": key.period, "endpoint": name(key.endpoint) });
            for (kind, sketch) in [&tally.ttft, &tally.speed].into_iter().enumerate() {
                sketches.extend(buckets(&at, kind, sketch));
            }
            services.push(with_tally(at, tally));
        }
        self.insert("services", &services).await?;
        self.insert("sketches", &sketches).await?;
        let rates: Vec<Value> = sums
            .rates
            .iter()
            .map(|((hour, model), cell)| {
                json!({
                    "day": day(Grain::Hour, *hour), "hour": hour, "model": name(*model),
                    "prompt": cell.prompt_tokens, "prompt_nanos": cell.prompt_nanos,
                    "output": cell.output_tokens, "output_nanos": cell.output_nanos,
                })
            })
            .collect();
        self.insert("rates", &rates).await
    }

    async fn insert(&self, table: &str, rows: &[Value]) -> Result<(), StoreError> {
        for rows in rows.chunks(INSERTED) {
            self.door.insert(table, rows).await?;
        }
        Ok(())
    }

    /// Returns the numbers of those events that are there.
    async fn known(&self, events: &[(u64, Event)]) -> Result<HashMap<String, u64>, StoreError> {
        let mut known = HashMap::new();
        for events in events.chunks(LOOKUP) {
            let days: HashSet<Day> = events.iter().map(|(_, event)| event.at.day()).collect();
            let days: Vec<String> = days.iter().map(Day::to_string).collect();
            let ids: Vec<String> =
                events.iter().map(|(_, event)| quoted(event.id.as_str())).collect();
            let (days, ids) = (days.join(","), ids.join(","));
            let sql =
                format!("SELECT id, number FROM events WHERE day IN ({days}) AND id IN ({ids})");
            for row in self.door.rows(&sql).await? {
                let id = row.first().and_then(Value::as_str).unwrap_or_default().to_owned();
                known.insert(id, row.get(1).and_then(Value::as_u64).unwrap_or_default());
            }
        }
        Ok(known)
    }

    /// Makes the sums of those days anew that hold events beyond where the source was read: only
    /// what was read counts, and the rest is written again. Of a day whose events were forgotten
    /// the sums stay, and what came late goes the same way.
    async fn mend(&self, events_from: Option<Day>) -> Result<(), StoreError> {
        self.door.end_writes().await?;
        let through = self.through().await?;
        let days = self
            .door
            .rows(&format!("SELECT DISTINCT day FROM events WHERE {through} < number"))
            .await?;
        for day in days.iter().filter_map(|row| row.first()?.as_i64()) {
            if events_from.is_some_and(|from| day < from) {
                self.door.run(&format!("ALTER TABLE events DROP PARTITION {day}")).await?;
                continue;
            }
            for table in BY_DAY {
                self.door.run(&format!("ALTER TABLE {table} DROP PARTITION {day}")).await?;
            }
            for table in BY_GRAIN {
                for grain in 0..Grain::ALL.len() {
                    let sql = format!("ALTER TABLE {table} DROP PARTITION ({grain}, {day})");
                    self.door.run(&sql).await?;
                }
            }
            let events = self.events_where(day, &format!("number <= {through}")).await?;
            self.add_sums(&events.iter().collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Keeps the names that applications gave themselves.
    async fn name_apps(&self, writer: &mut Writer, events: &[&Event]) -> Result<(), StoreError> {
        let known = match &mut writer.titles {
            Some(known) => known,
            None => {
                let apps = self.apps().await?.into_iter().map(|(_, app, title)| (app, title));
                writer.titles.insert(apps.collect())
            }
        };
        let mut last: HashMap<&Name, (Option<&Name>, i64)> = HashMap::new();
        for event in events {
            if let Some(app) = &event.app {
                let held = last.entry(app).or_insert((None, event.at.ms()));
                held.0 = event.app_title.as_ref().or(held.0);
            }
        }
        last.retain(|app, (title, _)| match known.get(*app) {
            None => true,
            Some(old) => title.is_some() && *title != old.as_ref(),
        });
        let row = |(app, (title, at)): (&&Name, &(Option<&Name>, i64))| {
            let title = title.map_or("", |title| title);
            json!({ "app": &***app, "at_ms": at, "title": title })
        };
        let rows: Vec<Value> = last.iter().map(row).collect();
        self.insert("apps", &rows).await?;
        known.extend(last.into_iter().map(|(app, (title, _))| (app.clone(), title.cloned())));
        Ok(())
    }

    /// See `Store::note_prices`.
    pub(in crate::store) async fn note_prices(
        &self,
        prices: &[PriceRow],
    ) -> Result<(), StoreError> {
        let known = self.prices().await?;
        let last: HashMap<&Name, &PriceRow> =
            known.iter().map(|row| (&row.endpoint, row)).collect();
        let mut rows = Vec::new();
        for row in prices {
            if last.get(&row.endpoint).is_none_or(|it| it.price != row.price) {
                let price = serde_json::to_string(&row.price);
                let price = price.map_err(|_| StoreError::Corrupt("a price"))?;
                rows.push(
                    json!({ "endpoint": &*row.endpoint, "at_ms": row.at.ms(), "price": price }),
                );
            }
        }
        self.insert("prices", &rows).await
    }

    /// See `Store::forget`.
    pub(in crate::store) async fn forget(&self, retention: &Retention) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        writer.events_from = writer.events_from.max(Some(retention.events_before));
        let minutes = retention.minutes_before.div_euclid(1_440);
        let hours = retention.hours_before.div_euclid(24);
        for (table, sql) in [
            (
                "events",
                format!("SELECT DISTINCT day FROM events WHERE day < {}", retention.events_before),
            ),
            ("rates", format!("SELECT DISTINCT day FROM rates WHERE day < {hours}")),
            ("services", old("services", minutes, hours)),
            ("sketches", old("sketches", minutes, hours)),
        ] {
            for row in self.door.rows(&sql).await? {
                let partition: Vec<String> = row.iter().map(Value::to_string).collect();
                let partition = partition.join(", ");
                self.door.run(&format!("ALTER TABLE {table} DROP PARTITION ({partition})")).await?;
            }
        }
        Ok(())
    }
}

/// Asks for partitions by minute and hour that are too old: whole days.
fn old(table: &str, minutes: i64, hours: i64) -> String {
    format!(
        "SELECT DISTINCT grain, day FROM {table}
          WHERE (grain = 0 AND day < {minutes}) OR (grain = 1 AND day < {hours})"
    )
}

fn place(grain: Grain) -> usize {
    Grain::ALL.iter().position(|it| *it == grain).unwrap_or_default()
}

fn day(grain: Grain, period: i64) -> Day {
    (period * grain.ms()).div_euclid(Grain::Day.ms())
}

fn with_use(mut row: Value, used: &Use) -> Value {
    let Use { requests, prompt, cache_read, output, reasoning, cost_nanos, list_nanos } = *used;
    for (name, number) in [
        ("requests", requests),
        ("prompt", prompt),
        ("cache_read", cache_read),
        ("output", output),
        ("reasoning", reasoning),
        ("cost_nanos", cost_nanos),
        ("list_nanos", list_nanos),
    ] {
        row[name] = json!(number);
    }
    row
}

fn with_tally(row: Value, tally: &Tally) -> Value {
    let mut row = with_use(row, &tally.used);
    for (name, number) in [
        ("served", tally.served),
        ("failed", tally.failed),
        ("busy", tally.busy),
        ("good", tally.good),
        ("tool_answers", tally.tool_answers),
        ("tool_invalid", tally.tool_invalid),
        ("tool_unparseable", tally.tool_unparseable),
        ("tool_unknown", tally.tool_unknown),
        ("tool_unjudged", tally.tool_unjudged),
        ("list_prompt_nanos", tally.list_prompt_nanos),
    ] {
        row[name] = json!(number);
    }
    row["cache_saved_nanos"] = json!(tally.cache_saved_nanos);
    row
}

fn buckets(at: &Value, kind: usize, sketch: &Sketch) -> Vec<Value> {
    let one = |(bucket, count): &(u16, u64)| {
        let mut row = at.clone();
        row["kind"] = json!(kind);
        row["bucket"] = json!(bucket);
        row["count"] = json!(count);
        row
    };
    sketch.buckets().iter().map(one).collect()
}

fn row(number: u64, event: &Event) -> Value {
    let name = |name: &Option<Name>| name.as_deref().unwrap_or_default().to_owned();
    let failed: Vec<Value> = event
        .failed
        .iter()
        .map(|it| json!([&*it.endpoint, crate::sums::service_place(it.service)]))
        .collect();
    let tokens = &event.tokens;
    json!({
        "day": event.at.day(), "id": event.id.as_str(), "number": number, "at_ms": event.at.ms(),
        "account": &*event.account, "api_key": &*event.key, "model": &*event.model,
        "endpoint": name(&event.endpoint), "provider": name(&event.provider),
        "region": name(&event.region), "app": name(&event.app), "flags": flags(event),
        "input": tokens.input, "cache_read": tokens.cache_read, "cache_write": tokens.cache_write,
        "output": tokens.output, "reasoning": tokens.reasoning,
        "cost_nanos": event.cost_nanos, "list_nanos": event.list_nanos,
        "list_prompt_nanos": event.list_prompt_nanos,
        "cache_saved_nanos": event.cache_saved_nanos,
        "ttft_ms": event.ttft_ms.map_or(-1, i64::from), "duration_ms": event.duration_ms,
        "failed": if failed.is_empty() { String::new() } else { Value::from(failed).to_string() },
        "tools": event.tools.map_or(UNCOUNTED, |tools| tools.min(UNCOUNTED - 1)),
        "tool_calls": event.tool_calls,
        "tool_calls_invalid": event.tool_calls_invalid,
        "task": event.task.map_or("", |task| task.key()), "language": name(&event.language),
    })
}
