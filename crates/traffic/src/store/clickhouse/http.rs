//! ClickHouse's plain HTTP interface.

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
}

/// An answer that is larger is none.
const ANSWER_BYTES_MAX: usize = 1 << 30;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

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
            login: login
                .map(|(user, password)| (user.to_owned(), Secret::new(password.to_owned()))),
        })
    }

    /// Runs a statement that answers nothing.
    pub(super) async fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.send(None, sql.to_owned()).await.map(drop)
    }

    /// Runs a query and returns its rows.
    pub(super) async fn rows(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        let answer = self.send(None, format!("{sql} FORMAT JSONCompact")).await?;
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
        self.send(Some(&head), lines.join("\n")).await.map(drop)
    }

    fn uri(&self, query: Option<&str>) -> String {
        let mut pairs =
            form_urlencoded::Serializer::for_suffix(format!("{}?", self.base), self.base.len() + 1);
        pairs.append_pair("database", &self.database);
        pairs.append_pair("output_format_json_quote_64bit_integers", "0");
        if let Some(query) = query {
            pairs.append_pair("query", query);
        }
        pairs.finish()
    }

    async fn send(&self, query: Option<&str>, body: String) -> Result<Bytes, StoreError> {
        let uri = self.uri(query);
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
        let (status, body) = tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| StoreError::Engine("ClickHouse did not answer".to_owned()))??;
        if status.is_success() {
            return Ok(body);
        }
        let said: String = String::from_utf8_lossy(&body).chars().take(300).collect();
        Err(StoreError::Engine(format!("ClickHouse refused: {said}")))
    }
}

/// Returns a text as a literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
