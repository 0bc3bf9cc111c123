//! ClickHouse's plain HTTP interface.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::secret::Secret;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::store::rows::StoreError;

/// Where queries go.
pub(super) struct Door {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    database: String,
    /// User and password.
    login: Option<(String, Secret)>,
    /// Statements that wrote.
    writes: AtomicU64,
}

/// An answer that is larger is none.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// How long a statement may take: the server gives up before its client does, so that nothing goes
/// on after a failure was told.
#[derive(Clone, Copy)]
struct Time {
    server_s: u64,
    client: Duration,
}

const TO_READ: Time = Time { server_s: 100, client: Duration::from_secs(120) };
const TO_WRITE: Time = Time { server_s: 20, client: Duration::from_secs(30) };

/// How often it is looked whether a statement that was ended has ended, and how often at most: for
/// longer than a statement that writes may take.
const ENDING: (Duration, u32) = (Duration::from_millis(100), 300);

impl Door {
    /// Reads `http://user:password@host:port/database`; user, password and database may be missing.
    pub(super) fn new(url: &Secret) -> Result<Door, StoreError> {
        let bad = |reason: &str| StoreError::Engine(format!("the address of ClickHouse {reason}"));
        let uri: Uri = url.expose().parse().map_err(|_| bad("cannot be read"))?;
        if uri.scheme_str() != Some("http") {
            return Err(bad("does not begin with http://"));
        }
        let authority = uri.authority().ok_or_else(|| bad("names no host"))?.as_str();
        let (login, host) = match authority.rsplit_once('@') {
            Some((login, host)) => (Some(login.split_once(':').unwrap_or((login, ""))), host),
            None => (None, authority),
        };
        let database = uri.path().trim_matches('/');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !database.chars().all(is_plain) {
            return Err(bad("names a database with signs other than letters, digits and _"));
        }
        Ok(Door {
            client: Client::builder(TokioExecutor::new()).build_http(),
            base: format!("http://{host}/"),
            database: if database.is_empty() { "default" } else { database }.to_owned(),
            login: login.map(|(user, password)| (decoded(user), Secret::new(decoded(password)))),
            writes: AtomicU64::new(0),
        })
    }

    /// Runs a statement that answers nothing.
    pub(super) async fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.send(TO_WRITE, None, sql.to_owned()).await.map(drop)
    }

    /// Ends every statement that still writes into this database, whoever began it and has given it
    /// up, and waits for the end of those that are past being ended.
    pub(super) async fn end_writes(&self) -> Result<(), StoreError> {
        let theirs = format!("position(query_id, '{}') = 1", self.writes_begin());
        let kill = format!("KILL QUERY WHERE {theirs} ASYNC FORMAT Null");
        let count = format!("SELECT count() FROM system.processes WHERE {theirs}");
        for _ in 0..ENDING.1 {
            if self.rows(&count).await?.first().is_none_or(|row| row[0] == 0) {
                return Ok(());
            }
            self.send(TO_READ, None, kill.clone()).await?;
            tokio::time::sleep(ENDING.0).await;
        }
        Err(StoreError::Engine("a write into ClickHouse does not end".to_owned()))
    }

    /// Returns what the ids of statements that write into this database begin with.
    fn writes_begin(&self) -> String {
        format!("interline-write-{}-", self.database)
    }

    /// Runs a query and returns its rows.
    pub(super) async fn rows(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        let answer = self.send(TO_READ, None, format!("{sql} FORMAT JSONCompact")).await?;
        let mut answer: Value =
            serde_json::from_slice(&answer).map_err(|_| StoreError::Corrupt("an answer"))?;
        serde_json::from_value(answer["data"].take()).map_err(|_| StoreError::Corrupt("rows"))
    }

    /// Inserts rows, each an array of values, all or none within one partition.
    pub(super) async fn insert(&self, table: &str, rows: &[Value]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let head = format!("INSERT INTO {table} FORMAT JSONEachRow");
        self.send(TO_WRITE, Some(&head), lines.join("\n")).await.map(drop)
    }

    fn uri(&self, time: Time, query: Option<&str>) -> String {
        let mut pairs =
            form_urlencoded::Serializer::for_suffix(format!("{}?", self.base), self.base.len() + 1);
        pairs.append_pair("database", &self.database);
        pairs.append_pair("output_format_json_quote_64bit_integers", "0");
        pairs.append_pair("max_execution_time", &time.server_s.to_string());
        if let Some(query) = query {
            pairs.append_pair("query", query);
            let number = self.writes.fetch_add(1, Ordering::Relaxed);
            let id = format!("{}{}-{number}", self.writes_begin(), std::process::id());
            pairs.append_pair("query_id", &id);
        }
        pairs.finish()
    }

    async fn send(
        &self,
        time: Time,
        query: Option<&str>,
        body: String,
    ) -> Result<Bytes, StoreError> {
        let uri = self.uri(time, query);
        let failed = |error: &dyn std::fmt::Display| StoreError::Engine(error.to_string());
        let mut request = Request::builder().method(Method::POST).uri(uri);
        if let Some((user, password)) = &self.login {
            request = request.header("X-ClickHouse-User", user);
            request = request.header("X-ClickHouse-Key", password.expose());
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| failed(&error))?;
        let answer = async {
            let answer = self.client.request(request).await.map_err(|error| failed(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            Ok::<_, StoreError>((status, body.map_err(|error| failed(&error))?.to_bytes()))
        };
        let (status, body) = tokio::time::timeout(time.client, answer)
            .await
            .map_err(|_| StoreError::Engine("ClickHouse did not answer".to_owned()))??;
        if status.is_success() {
            return Ok(body);
        }
        let said: String = String::from_utf8_lossy(&body).chars().take(300).collect();
        Err(StoreError::Engine(format!("ClickHouse refused: {said}")))
    }
}

/// Returns a part of an address without its percent signs.
fn decoded(part: &str) -> String {
    // A plus is a plus here, and no blank as it is in forms.
    let plain = format!("={}", part.replace('+', "%2B").replace('&', "%26"));
    let pair = form_urlencoded::parse(plain.as_bytes()).next();
    pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Returns a text as a literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_may_hold_what_an_address_cannot() {
        let door = |url: &str| Door::new(&Secret::new(url.to_owned())).unwrap();
        let it = door("http://us%40er:p%3Aa%2Fss+w%26=%25@house:8123/db");
        let (user, password) = it.login.as_ref().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("us@er", "p:a/ss+w&=%"));
        assert_eq!((it.base.as_str(), it.database.as_str()), ("http://house:8123/", "db"));
        assert!(door("http://house").login.is_none());
        let (_, none) = door("http://user@house").login.unwrap();
        assert_eq!(none.expose(), "");
    }
}
