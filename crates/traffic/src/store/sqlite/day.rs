//! The events of one day, in a file of their own.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use classify::Tag;
use domain::generation::Outcome;
use domain::time::{DAY_MS, Timestamp};
use sqlx::sqlite::{SqliteArguments, SqliteJournalMode, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};

use super::file::{Coded, options, signed};
use super::ids;
use super::many::Rows;
use crate::event::{Context, Event, FailedTry, Finish, Name, Service, Tokens};
use crate::figures::Day;
use crate::store::names::Names;
use crate::store::rows::{CaseRow, StoreError};
use crate::sums::{Code, ENDING_FLAGS, Sums, ending, flags, set_flags};

/// The open file of a day.
pub(super) struct DayFile {
    day: Day,
    connection: SqliteConnection,
}

/// Columns that are mostly zero or empty take one byte each.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS events (
        id BLOB PRIMARY KEY, number INTEGER, at_ms INTEGER,
        account INTEGER, api_key INTEGER, model INTEGER, endpoint INTEGER, provider INTEGER,
        region INTEGER, app INTEGER, flags INTEGER,
        input INTEGER, cache_read INTEGER, cache_write INTEGER, output INTEGER, reasoning INTEGER,
        cost_nanos INTEGER, list_over_nanos INTEGER, list_prompt_nanos INTEGER,
        cache_saved_nanos INTEGER, ttft_ms INTEGER, duration_ms INTEGER, failed BLOB,
        tools INTEGER, tool_calls INTEGER, tool_calls_invalid INTEGER, task INTEGER,
        language INTEGER) WITHOUT ROWID;
";

static INSERT: Rows = Rows::new("INSERT OR IGNORE INTO events VALUES", 28, "");

static KNOWN: Rows = Rows::new("SELECT id, number FROM events WHERE id IN (VALUES", 1, ")");

impl DayFile {
    /// Opens the file of a day, made where there is none.
    pub(super) async fn open(path: &Path, day: Day) -> Result<DayFile, StoreError> {
        // New pages are written once with a rollback journal, and twice with a WAL.
        let options = options(path).journal_mode(SqliteJournalMode::Truncate);
        let mut connection = options.create_if_missing(true).connect().await?;
        sqlx::raw_sql(TABLE).execute(&mut connection).await?;
        Ok(DayFile { day, connection })
    }

    /// Returns whose file it is.
    pub(super) fn day(&self) -> Day {
        self.day
    }

    /// Closes the file.
    pub(super) async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }

    /// Keeps events, and returns those that have not been added to the sums, with their sums: the
    /// new ones, and those that an interrupted batch left under the same number.
    pub(super) async fn keep<'a>(
        &mut self,
        events: &'a [Coded<'a>],
    ) -> Result<(Vec<&'a Coded<'a>>, Sums), StoreError> {
        let mut tx = self.connection.begin().await?;
        let (mut new, mut sums) = (0, Sums::default());
        let mut next = insertion(events)?;
        while let Some((statement, now, rest)) = next {
            // SQLite writes on a thread of its own; meanwhile what comes next is made ready, and
            // what is being written is added up.
            let meanwhile = async {
                now.iter().for_each(|one| sums.add(one.event, &one.codes));
                insertion(rest)
            };
            let (done, then) = tokio::join!(statement.execute(&mut *tx), meanwhile);
            new += done?.rows_affected();
            next = then?;
        }
        // Almost always all are new, and a wide statement tells only how many were.
        let fresh: Vec<&Coded<'_>> = if new == events.len() as u64 {
            events.iter().collect()
        } else {
            let fresh = unadded(events, &known(&mut tx, events).await?);
            sums = Sums::default();
            fresh.iter().for_each(|one| sums.add(one.event, &one.codes));
            fresh
        };
        tx.commit().await?;
        Ok((fresh, sums))
    }
}

type Statement = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;
/// A statement that keeps events, the events that it keeps, and those that are left.
type Insertion<'a> = (Statement, &'a [Coded<'a>], &'a [Coded<'a>]);

/// Returns what keeps the first of some events; none where there are none.
fn insertion<'a>(events: &'a [Coded<'a>]) -> Result<Option<Insertion<'a>>, StoreError> {
    let Some((text, now, rest)) = INSERT.step(events) else { return Ok(None) };
    let mut arguments = SqliteArguments::default();
    for row in now {
        bind(&mut arguments, row).map_err(|_| StoreError::Corrupt("an event"))?;
    }
    Ok(Some((sqlx::query_with(text, arguments), now, rest)))
}

/// Returns the events that are kept under their own number, each once.
fn unadded<'a>(events: &'a [Coded<'a>], numbers: &HashMap<Vec<u8>, u64>) -> Vec<&'a Coded<'a>> {
    let mut seen: HashSet<&[u8]> = HashSet::new();
    let mut fresh = Vec::new();
    for one in events {
        if numbers.get(one.id.as_slice()) == Some(&one.number) && seen.insert(&one.id) {
            fresh.push(one);
        }
    }
    fresh
}

/// Returns the numbers under which events are kept.
async fn known(
    connection: &mut SqliteConnection,
    events: &[Coded<'_>],
) -> Result<HashMap<Vec<u8>, u64>, StoreError> {
    let mut numbers = HashMap::new();
    let mut rest = events;
    while let Some((text, rows, left)) = KNOWN.step(rest) {
        let mut query = sqlx::query(text);
        for row in rows {
            query = query.bind(row.id.as_slice());
        }
        for row in query.fetch_all(&mut *connection).await? {
            numbers.insert(row.try_get(0)?, row.try_get::<i64, usize>(1)?.unsigned_abs());
        }
        rest = left;
    }
    Ok(numbers)
}

fn bind(arguments: &mut SqliteArguments, row: &Coded<'_>) -> Result<(), sqlx::error::BoxDynError> {
    let Coded { number, id, codes, event } = row;
    let tokens = &event.tokens;
    arguments.add(id.as_slice())?;
    arguments.add(signed(*number))?;
    arguments.add(event.at.ms().rem_euclid(DAY_MS))?;
    for code in [
        codes.account,
        codes.key,
        codes.model,
        codes.endpoint,
        codes.provider,
        codes.region,
        codes.app,
        u32::from(flags(event)),
        tokens.input,
        tokens.cache_read,
        tokens.cache_write,
        tokens.output,
        tokens.reasoning,
    ] {
        arguments.add(i64::from(code))?;
    }
    arguments.add(signed(event.cost_nanos))?;
    arguments.add(signed(event.list_nanos) - signed(event.cost_nanos))?;
    arguments.add(signed(event.list_prompt_nanos))?;
    arguments.add(event.cache_saved_nanos)?;
    arguments.add(event.ttft_ms.map(i64::from))?;
    arguments.add(i64::from(event.duration_ms))?;
    let failed: Vec<u8> =
        codes.failed.iter().flat_map(|(code, service)| tried(*code, *service)).collect();
    arguments.add((!failed.is_empty()).then_some(failed))?;
    arguments.add(event.tools.map(i64::from))?;
    arguments.add(i64::from(event.tool_calls))?;
    arguments.add(i64::from(event.tool_calls_invalid))?;
    arguments.add(i64::from(codes.task))?;
    arguments.add(i64::from(codes.language))?;
    Ok(())
}

fn tried(code: Code, service: Service) -> [u8; 5] {
    let place = crate::sums::service_place(service);
    let [a, b, c, d] = code.to_le_bytes();
    [a, b, c, d, place as u8]
}

/// Reads the events of a day, by id.
pub(super) async fn read(path: &Path, day: Day, names: &Names) -> Result<Vec<Event>, StoreError> {
    let mut connection = options(path).read_only(true).connect().await?;
    let rows = sqlx::query("SELECT * FROM events ORDER BY id").fetch_all(&mut connection).await?;
    connection.close().await?;
    rows.iter().map(|row| event(row, day, names)).collect()
}

/// Reads what accounts asked of a model, by how it ended and what it was for.
pub(super) async fn cases(
    path: &Path,
    model: Code,
    names: &Names,
) -> Result<Vec<CaseRow>, StoreError> {
    let place = Context::place_sql("input + cache_read + cache_write");
    let sql = format!(
        "SELECT account, flags & {ENDING_FLAGS} AS ending, task, language, {place} AS context,
                COUNT(*), SUM(input + cache_read + cache_write), SUM(output), SUM(reasoning),
                SUM(tool_calls <> 0), SUM(tool_calls_invalid <> 0)
           FROM events WHERE model = ?
          GROUP BY account, ending, task, language, context
          ORDER BY account, ending, task, language, context"
    );
    let mut connection = options(path).read_only(true).connect().await?;
    let query = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(model));
    let rows = query.fetch_all(&mut connection).await?;
    connection.close().await?;
    rows.iter().map(|row| case(row, names)).collect()
}

fn case(row: &SqliteRow, names: &Names) -> Result<CaseRow, StoreError> {
    let number = |place: usize| row.try_get::<i64, usize>(place).map(i64::unsigned_abs);
    let code = |place: usize| number(place).map(|it| Code::try_from(it).unwrap_or_default());
    let maybe = |place: usize| code(place).map(|code| (code != 0).then(|| names.name(code)));
    let flags = u16::try_from(number(1)?).ok().and_then(ending);
    let (outcome, finish) = flags.ok_or(StoreError::Corrupt("flags"))?;
    Ok(CaseRow {
        account: names.name(code(0)?),
        outcome,
        finish,
        task: maybe(2)?,
        language: maybe(3)?,
        context: Context::at(number(4)?).ok_or(StoreError::Corrupt("a size of prompts"))?,
        requests: number(5)?,
        prompt: number(6)?,
        output: number(7)?,
        reasoning: number(8)?,
        tool_answers: number(9)?,
        tool_invalid: number(10)?,
    })
}

fn event(row: &SqliteRow, day: Day, names: &Names) -> Result<Event, StoreError> {
    let number = |column: &str| row.try_get::<i64, &str>(column);
    let small = |column: &str| number(column).map(|it| u32::try_from(it).unwrap_or(u32::MAX));
    let short = |column: &str| number(column).map(|it| u16::try_from(it).unwrap_or(u16::MAX));
    let maybe = |column: &str| small(column).map(|code| (code != 0).then(|| names.name(code)));
    let name = |column: &str| small(column).map(|code| names.name(code));
    let cost = number("cost_nanos")?;
    let task = maybe("task")?;
    let failed: Option<Vec<u8>> = row.try_get("failed")?;
    let mut event = Event {
        id: ids::unpacked(row.try_get("id")?).ok_or(StoreError::Corrupt("an id"))?,
        at: Timestamp::from_ms(day * DAY_MS + number("at_ms")?),
        account: name("account")?,
        key: name("api_key")?,
        model: name("model")?,
        endpoint: maybe("endpoint")?,
        provider: maybe("provider")?,
        region: maybe("region")?,
        app: maybe("app")?,
        app_title: None,
        outcome: Outcome::Finished,
        finish: Finish::Unknown,
        tokens: Tokens {
            input: small("input")?,
            cache_read: small("cache_read")?,
            cache_write: small("cache_write")?,
            output: small("output")?,
            reasoning: small("reasoning")?,
        },
        cost_nanos: cost.unsigned_abs(),
        list_nanos: (cost + number("list_over_nanos")?).unsigned_abs(),
        list_prompt_nanos: number("list_prompt_nanos")?.unsigned_abs(),
        cache_saved_nanos: number("cache_saved_nanos")?,
        ttft_ms: row.try_get::<Option<i64>, &str>("ttft_ms")?.and_then(|ms| u32::try_from(ms).ok()),
        duration_ms: small("duration_ms")?,
        service: Service::Untold,
        failed: failed.map_or_else(Vec::new, |bytes| tries(&bytes, names)),
        tools: row.try_get::<Option<i64>, &str>("tools")?.and_then(|it| u16::try_from(it).ok()),
        tool_calls: short("tool_calls")?,
        tool_calls_invalid: short("tool_calls_invalid")?,
        tool_verdict: None,
        task: task.as_ref().and_then(|key: &Name| Tag::parse(key)),
        language: maybe("language")?,
        streamed: false,
        routed: false,
        synthetic: false,
    };
    set_flags(&mut event, short("flags")?).ok_or(StoreError::Corrupt("flags"))?;
    Ok(event)
}

fn tries(bytes: &[u8], names: &Names) -> Vec<FailedTry> {
    let (pieces, _) = bytes.as_chunks::<5>();
    let one = |[a, b, c, d, place]: &[u8; 5]| FailedTry {
        endpoint: names.name(Code::from_le_bytes([*a, *b, *c, *d])),
        service: Service::ALL.get(usize::from(*place)).copied().unwrap_or(Service::Untold),
    };
    pieces.iter().map(one).collect()
}
