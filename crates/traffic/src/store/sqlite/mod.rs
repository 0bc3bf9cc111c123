//! Sums in one SQLite file, events in one a day.
//!
//! A file of events can be taken away whole, however many it holds. Nothing is atomic over two
//! files, so the order of commits carries it: first the names, then the events with their numbers,
//! then the sums together with how far the source was read. After a kill in between, batches are
//! written again: an event that is there under the same number has not been added yet.

mod day;
mod file;
mod ids;
mod many;
mod pending;
mod read;
mod spans;
mod sum;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::sqlite::{SqliteJournalMode, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

use super::names::Names;
use super::rows::{Batch, CaseRow, PriceRow, Retention, StoreError};
use crate::event::{Event, Name};
use crate::figures::Day;
use crate::sums::Sums;
use day::DayFile;
use file::{Coded, options, signed};
use pending::Pending;

/// Files in a folder.
pub(super) struct Files {
    folder: PathBuf,
    writer: Mutex<Writer>,
    readers: SqlitePool,
    names: Arc<RwLock<Names>>,
}

struct Writer {
    sums: SqliteConnection,
    /// The file of events that was written last.
    day: Option<DayFile>,
    titles: HashMap<Name, Name>,
    /// Up to where the source has been written.
    through: u64,
    pending: Pending,
}

/// The version of the tables. Files of the version before are brought up to it, those of another
/// are not touched.
const VERSION: i64 = 2;

/// What brings files of version 1 up to version 2.
const FROM_1: &str = "
    BEGIN IMMEDIATE;
    ALTER TABLE services ADD COLUMN tool_unparseable INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE services ADD COLUMN tool_unknown INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE services ADD COLUMN tool_unjudged INTEGER NOT NULL DEFAULT 0;
    PRAGMA user_version = 2;
    COMMIT;
";

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS apps (app INTEGER PRIMARY KEY, title TEXT);
    CREATE TABLE IF NOT EXISTS source (
        one INTEGER PRIMARY KEY, through INTEGER NOT NULL, synthetic INTEGER NOT NULL);
    INSERT OR IGNORE INTO source VALUES (1, 0, 0);
    CREATE TABLE IF NOT EXISTS uses (
        side INTEGER, day INTEGER, value INTEGER, model INTEGER, account INTEGER,
        requests INTEGER, prompt INTEGER, cache_read INTEGER, output INTEGER, reasoning INTEGER,
        cost_nanos INTEGER, list_nanos INTEGER,
        PRIMARY KEY (side, day, value, model, account)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS spans (
        span INTEGER PRIMARY KEY, side INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, UNIQUE (side, first, last));
    CREATE TABLE IF NOT EXISTS span_uses (
        span INTEGER, value INTEGER, model INTEGER, account INTEGER,
        requests INTEGER, prompt INTEGER, cache_read INTEGER, output INTEGER, reasoning INTEGER,
        cost_nanos INTEGER, list_nanos INTEGER,
        PRIMARY KEY (span, value, model, account)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS services (
        grain INTEGER, period INTEGER, endpoint INTEGER,
        served INTEGER, failed INTEGER, busy INTEGER, good INTEGER,
        tool_answers INTEGER, tool_invalid INTEGER,
        requests INTEGER, prompt INTEGER, cache_read INTEGER, output INTEGER, reasoning INTEGER,
        cost_nanos INTEGER, list_nanos INTEGER, list_prompt_nanos INTEGER,
        cache_saved_nanos INTEGER, ttft BLOB, speed BLOB,
        tool_unparseable INTEGER NOT NULL, tool_unknown INTEGER NOT NULL,
        tool_unjudged INTEGER NOT NULL,
        PRIMARY KEY (grain, period, endpoint)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rates (
        hour INTEGER, model INTEGER,
        prompt INTEGER, prompt_nanos INTEGER, output INTEGER, output_nanos INTEGER,
        PRIMARY KEY (hour, model)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS prices (
        endpoint INTEGER, at_ms INTEGER, price TEXT NOT NULL,
        PRIMARY KEY (endpoint, at_ms)) WITHOUT ROWID;
    PRAGMA user_version = 2;
";

const READERS: u32 = 2;

impl Files {
    /// Opens the files of a folder, made where there are none.
    pub(super) async fn open(folder: &Path) -> Result<Files, StoreError> {
        let made = tokio::fs::create_dir_all(folder.join("events")).await;
        made.map_err(|error| StoreError::Engine(format!("{}: {error}", folder.display())))?;
        let options = options(&folder.join("sums.db"))
            .journal_mode(SqliteJournalMode::Wal)
            .create_if_missing(true);
        let mut sums = options.connect().await?;
        let version: i64 =
            sqlx::query("PRAGMA user_version").fetch_one(&mut sums).await?.try_get(0)?;
        match version {
            0 | VERSION => sqlx::raw_sql(TABLES).execute(&mut sums).await?,
            1 => sqlx::raw_sql(FROM_1).execute(&mut sums).await?,
            _ => return Err(StoreError::Corrupt("its tables are of another version")),
        };
        let names = Arc::new(RwLock::new(read_names(&mut sums).await?));
        let titles = read_titles(&mut sums).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        let through = through(&mut sums).await?;
        let writer = Writer { sums, day: None, titles, through, pending: Pending::default() };
        let writer = Mutex::new(writer);
        Ok(Files { folder: folder.to_owned(), writer, readers, names })
    }

    /// See `Store::through`.
    pub(super) async fn through(&self) -> Result<u64, StoreError> {
        Ok(self.writer.lock().await.through)
    }

    /// See `Store::write`.
    pub(super) async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        if batch.through <= writer.through {
            return Ok(());
        }
        if writer.pending.is_full() {
            writer.flush().await?;
        }
        self.take(&mut writer, batch).await
    }

    /// See `Store::seed`.
    pub(super) async fn seed(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        self.take(&mut writer, batch).await?;
        writer.flush().await
    }

    /// Keeps the events of a batch, and adds them to what is pending.
    async fn take(&self, writer: &mut Writer, batch: &Batch) -> Result<(), StoreError> {
        let coded = self.coded(batch);
        self.keep_names(&mut writer.sums).await?;
        let (fresh, sums) = self.keep_events(writer, &coded).await?;
        writer.pending.take(&fresh, sums, &mut writer.titles);
        writer.through = writer.through.max(batch.through);
        Ok(())
    }

    /// Writes what is pending, for whoever reads.
    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        self.writer.lock().await.flush().await
    }

    /// Keeps the events of a batch and leaves the sums as they are: what a kill at the worst moment
    /// leaves behind.
    #[cfg(test)]
    pub(super) async fn write_events_only(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        let coded = self.coded(batch);
        self.keep_names(&mut writer.sums).await?;
        self.keep_events(&mut writer, &coded).await?;
        Ok(())
    }

    fn coded<'a>(&self, batch: &'a Batch) -> Vec<Coded<'a>> {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let code = |(number, event): &'a (u64, Event)| Coded {
            number: *number,
            id: ids::packed(&event.id),
            codes: names.codes(event),
            event,
        };
        let mut coded: Vec<Coded<'a>> = batch.events.iter().map(code).collect();
        coded.sort_unstable_by(|a, b| (a.event.at.day(), &a.id).cmp(&(b.event.at.day(), &b.id)));
        coded
    }

    async fn keep_names(&self, sums: &mut SqliteConnection) -> Result<(), StoreError> {
        let fresh = self.names.read().unwrap_or_else(PoisonError::into_inner).fresh();
        if fresh.is_empty() {
            return Ok(());
        }
        let mut tx = sums.begin_with("BEGIN IMMEDIATE").await?;
        for (code, name) in &fresh {
            sqlx::query("INSERT INTO names (id, name) VALUES (?, ?)")
                .bind(i64::from(*code))
                .bind(&**name)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.names.write().unwrap_or_else(PoisonError::into_inner).keep();
        Ok(())
    }

    /// Keeps events, day by day, and returns those that have not been added to the sums, with their
    /// sums.
    async fn keep_events<'a>(
        &self,
        writer: &mut Writer,
        coded: &'a [Coded<'a>],
    ) -> Result<(Vec<&'a Coded<'a>>, Sums), StoreError> {
        let (mut fresh, mut sums) = (Vec::with_capacity(coded.len()), Sums::default());
        for events in coded.chunk_by(|a, b| a.event.at.day() == b.event.at.day()) {
            let day = events[0].event.at.day();
            if writer.day.as_ref().is_none_or(|file| file.day() != day) {
                if let Some(file) = writer.day.take() {
                    file.close().await?;
                }
                writer.day = Some(DayFile::open(&self.path(day), day).await?);
            }
            if let Some(file) = &mut writer.day {
                let (kept, of_day) = file.keep(events).await?;
                fresh.extend(kept);
                sums.merge(of_day);
            }
        }
        Ok((fresh, sums))
    }

    fn path(&self, day: Day) -> PathBuf {
        self.folder.join("events").join(format!("{}.db", crate::figures::date(day)))
    }

    /// See `Store::events`.
    pub(super) async fn events(&self, day: Day) -> Result<Vec<Event>, StoreError> {
        let path = self.path(day);
        if !path.exists() {
            return Ok(Vec::new());
        }
        // A day that is being written is read between two batches.
        let _writer = self.writer.lock().await;
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner).clone();
        day::read(&path, day, &names).await
    }

    /// See `Store::cases`.
    pub(super) async fn cases(&self, model: &str, day: Day) -> Result<Vec<CaseRow>, StoreError> {
        let path = self.path(day);
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(model) = names.find(model).filter(|_| path.exists()) else {
            return Ok(Vec::new());
        };
        let _writer = self.writer.lock().await;
        day::cases(&path, model, &names).await
    }

    /// See `Store::note_prices`.
    pub(super) async fn note_prices(&self, prices: &[PriceRow]) -> Result<(), StoreError> {
        let known = self.prices().await?;
        let last: HashMap<&Name, &PriceRow> =
            known.iter().map(|row| (&row.endpoint, row)).collect();
        let is_new =
            |row: &&PriceRow| last.get(&row.endpoint).is_none_or(|it| it.price != row.price);
        let new: Vec<&PriceRow> = prices.iter().filter(is_new).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer.lock().await;
        let codes: Vec<u32> = {
            let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
            new.iter().map(|row| names.code(&row.endpoint)).collect()
        };
        self.keep_names(&mut writer.sums).await?;
        let mut tx = writer.sums.begin_with("BEGIN IMMEDIATE").await?;
        for (row, code) in new.iter().zip(codes) {
            sum::note_price(&mut tx, code, row).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// See `Store::forget`.
    pub(super) async fn forget(&self, retention: &Retention) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        writer.flush().await?;
        if writer.day.as_ref().is_some_and(|file| file.day() < retention.events_before)
            && let Some(file) = writer.day.take()
        {
            file.close().await?;
        }
        let mut held = Vec::new();
        let mut files = tokio::fs::read_dir(self.folder.join("events")).await?;
        while let Some(file) = files.next_entry().await? {
            let name = file.file_name().to_string_lossy().into_owned();
            let day = name.get(..10).and_then(crate::figures::day_of);
            if day.is_some_and(|day| day < retention.events_before) {
                held.push(tokio::fs::File::open(file.path()).await?.into_std().await);
                tokio::fs::remove_file(file.path()).await?;
            }
        }
        sum::forget(&mut writer.sums, retention).await?;
        drop(writer);
        // The disk takes a second to free a large file, which begins when nobody holds it any more:
        // no write need wait for that.
        drop(tokio::task::spawn_blocking(move || drop(held)));
        Ok(())
    }

    /// See `Store::close`.
    pub(super) async fn close(&self) {
        let mut writer = self.writer.lock().await;
        // What cannot be written now is written again from the source.
        let _ = writer.flush().await;
        self.readers.close().await;
        if let Some(file) = writer.day.take() {
            let _ = file.close().await;
        }
    }
}

impl Writer {
    /// Writes what is pending.
    async fn flush(&mut self) -> Result<(), StoreError> {
        let known = through(&mut self.sums).await?;
        if self.pending.is_empty() && known == self.through {
            return Ok(());
        }
        let mut tx = self.sums.begin_with("BEGIN IMMEDIATE").await?;
        sum::add(&mut tx, &self.pending.sums).await?;
        spans::forget(&mut tx, &self.pending.sums).await?;
        for (app, title) in self.pending.apps.values() {
            sum::name_app(&mut tx, *app, title.as_deref()).await?;
        }
        sqlx::query("UPDATE source SET through = MAX(through, ?), synthetic = MAX(synthetic, ?)")
            .bind(signed(self.through))
            .bind(i64::from(self.pending.has_synthetic))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.pending = Pending::default();
        Ok(())
    }
}

async fn through(sums: &mut SqliteConnection) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT through FROM source").fetch_one(sums).await?;
    Ok(row.try_get::<i64, usize>(0)?.unsigned_abs())
}

async fn read_names(sums: &mut SqliteConnection) -> Result<Names, StoreError> {
    let rows = sqlx::query("SELECT name FROM names ORDER BY id").fetch_all(sums).await?;
    let names: Result<Vec<Name>, sqlx::Error> =
        rows.iter().map(|row| Ok(Name::from(row.try_get::<String, usize>(0)?))).collect();
    Ok(Names::of(names?))
}

async fn read_titles(sums: &mut SqliteConnection) -> Result<HashMap<Name, Name>, StoreError> {
    const TITLES: &str = "SELECT name, title FROM apps JOIN names ON names.id = apps.app";
    let mut titles = HashMap::new();
    for row in sqlx::query(TITLES).fetch_all(sums).await? {
        let title: Option<String> = row.try_get(1)?;
        titles.insert(
            Name::from(row.try_get::<String, usize>(0)?),
            Name::from(title.unwrap_or_default()),
        );
    }
    Ok(titles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{MadeEndpoint, MadeModel, Maker};
    use crate::store::rows::Days;
    use crate::sums::Side;

    fn batch(number: u64) -> Batch {
        let endpoint = MadeEndpoint {
            id: "here/one".into(),
            provider: "here".into(),
            region: None,
            price: domain::price::Price::default(),
        };
        let model = MadeModel { id: "author/one".into(), endpoints: vec![endpoint] };
        let maker = Maker::new(number, vec![model], 20, 20_000);
        let events = maker.day(20_000, 700).into_iter().map(|event| (number, event)).collect();
        Batch { events, through: number }
    }

    #[tokio::test]
    async fn files_of_the_version_before_are_brought_up_to_this_one() {
        let name = format!("interline-traffic-old-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let batches = [batch(1), batch(2)];
        let files = Files::open(&folder).await.unwrap();
        files.write(&batches[0]).await.unwrap();
        files.close().await;
        drop(files);
        let mut sums = options(&folder.join("sums.db")).connect().await.unwrap();
        for column in ["tool_unparseable", "tool_unknown", "tool_unjudged"] {
            let sql = format!("ALTER TABLE services DROP COLUMN {column}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut sums).await.unwrap();
        }
        sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut sums).await.unwrap();
        sums.close().await.unwrap();
        let files = Files::open(&folder).await.unwrap();
        files.write(&batches[1]).await.unwrap();
        let rows = files.services(crate::sums::Grain::Day, (0, 30_000)).await.unwrap();
        let served: u64 = rows.iter().map(|row| row.tally.served).sum();
        files.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
        let events = || batches.iter().flat_map(|batch| &batch.events);
        let is_served = |(_, event): &&(u64, Event)| event.service == crate::event::Service::Served;
        assert_eq!(served, events().filter(is_served).count() as u64);
    }

    fn counted(batch: &Batch) -> u64 {
        batch.events.iter().filter(|(_, event)| event.is_counted()).count() as u64
    }

    async fn requests(files: &Files) -> u64 {
        let rows = files.uses(Side::All, (0, 30_000), Days::Together).await.unwrap();
        rows.iter().map(|row| row.used.requests).sum()
    }

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("interline-traffic-{name}-{}", std::process::id()))
    }

    /// A process is killed after the events of a batch are kept and before they are added up.
    #[tokio::test]
    async fn a_batch_that_a_kill_cut_in_two_is_counted_once() {
        let (folder, first, second) = (folder("kill"), batch(1), batch(2));
        {
            let files = Files::open(&folder).await.unwrap();
            files.write(&first).await.unwrap();
            assert_eq!(requests(&files).await, counted(&first));
            files.write_events_only(&second).await.unwrap();
        }
        let files = Files::open(&folder).await.unwrap();
        assert_eq!(files.through().await.unwrap(), 1);
        files.write(&second).await.unwrap();
        assert_eq!(requests(&files).await, counted(&first) + counted(&second));
        files.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// A process is killed before anybody read what it wrote.
    #[tokio::test]
    async fn batches_that_nobody_read_before_a_kill_are_written_again_and_counted_once() {
        let (folder, batches) = (folder("unread"), [batch(1), batch(2), batch(3)]);
        {
            let files = Files::open(&folder).await.unwrap();
            for batch in &batches[..2] {
                files.write(batch).await.unwrap();
            }
            assert_eq!(files.through().await.unwrap(), 2);
        }
        let files = Files::open(&folder).await.unwrap();
        assert_eq!(files.through().await.unwrap(), 0);
        for batch in &batches {
            files.write(batch).await.unwrap();
        }
        let all: u64 = batches.iter().map(counted).sum();
        assert_eq!(requests(&files).await, all);
        files.close().await;
        let files = Files::open(&folder).await.unwrap();
        assert_eq!(files.through().await.unwrap(), 3);
        assert_eq!((requests(&files).await, files.apps().await.unwrap().len()), (all, 8));
        files.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
