//! What an operator may set. `default.toml` is the reference: every key stands there.
//!
//! Later layers win: the defaults, the operator's file, the environment, the command line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use domain::insurance::Insurance;
use domain::money::Money;
use domain::secret::Secret;
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};
use traffic::store::Place;

use crate::limits::{Limits, dollars};
use crate::routing::Routing;

/// The defaults, and the reference of every key.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Everything an operator may set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The folder of the embedded database.
    pub data: PathBuf,
    /// Folders of overlay files.
    pub catalog: Vec<PathBuf>,
    /// Serve the demo models.
    pub demo: bool,
    /// The address under which callers reach this instance; empty means the one it listens on.
    pub public_url: String,
    /// The database.
    pub database: Database,
    /// Where limits are shared with other processes.
    pub redis: Redis,
    /// Whose money requests spend.
    pub credits: Credits,
    /// Where what is not yet in the database is kept.
    pub journal: Journal,
    /// Whom connections to providers trust.
    pub network: Network,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How much callers may use, and how large things may be.
    pub limits: Limits,
    /// What is kept of answers to requests that carry an `Idempotency-Key`.
    pub idempotency: Idempotency,
    /// The pages for people.
    pub site: Site,
    /// What is kept of traffic.
    pub analytics: Analytics,
    /// Whether figures are for everybody.
    pub public: Public,
    /// Where requests may go, whatever they say.
    pub routing: Routing,
    /// How credits are bought, where they are.
    pub payments: Payments,
    /// What is logged, and how.
    pub log: Log,
    /// Credentials and switches, by provider.
    pub providers: BTreeMap<String, ProviderConfig>,
}

/// The database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Its address; empty means the embedded one.
    #[serde(deserialize_with = "secret")]
    pub url: Secret,
}

/// Where limits are shared with other processes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Its address; empty means that each process counts for itself.
    #[serde(deserialize_with = "secret")]
    pub url: Secret,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Whose money requests spend.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credits {
    /// Whether they spend credits that were paid for before.
    pub mode: CreditsMode,
    /// How much of answers that came to nothing the house bears for an account in a day, in
    /// dollars.
    #[serde(deserialize_with = "dollars")]
    pub insured: Money,
    /// And how much more, in percent of what the account is charged that day.
    pub insured_percent: u32,
}

impl Credits {
    /// Returns how much the house bears for an account.
    pub fn insurance(&self) -> Insurance {
        Insurance { base: self.insured, percent: self.insured_percent }
    }
}

/// Whether requests spend credits that were paid for before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditsMode {
    /// No: what they cost is kept count of, and keys' limits hold.
    Off,
    /// Yes: a request that the account cannot pay is refused.
    Prepaid,
}

/// Where what is not yet in the database is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The folder of all journals; empty means one in the data folder.
    pub folder: PathBuf,
}

/// Whom connections to providers trust.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Files of certificates in PEM.
    pub authorities: Vec<PathBuf>,
}

/// How long things may take, in milliseconds. `default.toml` explains each.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "`default.toml` explains each")]
pub struct Timeouts {
    pub connect_ms: u64,
    pub first_byte_ms: u64,
    pub first_byte_reasoning_ms: u64,
    pub idle_ms: u64,
    pub idle_reasoning_ms: u64,
    pub total_ms: u64,
    pub total_stream_ms: u64,
    pub keep_alive_ms: u64,
    pub write_stall_ms: u64,
    pub client_header_ms: u64,
    pub client_body_idle_ms: u64,
    pub drain_ms: u64,
}

/// What is kept of answers to requests that carry an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// How long a request is known, in milliseconds.
    pub window_ms: u64,
    /// The largest answer that is kept.
    pub answer_bytes: usize,
    /// All answers that are kept for one key.
    pub key_bytes: u64,
    /// Requests that are known of one key.
    pub key_requests: u32,
}

/// How credits are bought. Amounts are dollars, as text, so that none is rounded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    /// What is added to the price of credits, in percent.
    pub fee_percent: f64,
    /// The least fee.
    pub fee_min: String,
    /// The least that is sold.
    pub amount_min: String,
    /// The most that is sold at once.
    pub amount_max: String,
    /// How long to wait for a notice before asking the processor, and how often it is asked.
    pub patience_ms: u64,
    /// Stripe, where it takes the payments.
    pub stripe: StripeConfig,
}

/// How Stripe is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeConfig {
    /// The secret key of its API; empty where nothing is sold.
    #[serde(deserialize_with = "secret")]
    pub secret_key: Secret,
    /// The secret of its notices.
    #[serde(deserialize_with = "secret")]
    pub webhook_secret: Secret,
    /// Where its API is.
    pub base_url: String,
}

/// The pages for people.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Whether they are served.
    pub enabled: bool,
    /// Whether they show what a private instance's own traffic did.
    pub figures: bool,
}

/// What is kept of traffic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analytics {
    /// The folder of events and their sums; empty means one in the data folder.
    pub folder: PathBuf,
    /// The address of a ClickHouse that holds them instead; empty means none.
    #[serde(deserialize_with = "secret")]
    pub clickhouse: Secret,
    /// Whether this process may write them: of several over one ClickHouse, one at a time does.
    pub follow: bool,
    /// Days for which single events are kept; their sums stay.
    pub events_days: u32,
    /// Days for which what callers say of generations is kept.
    pub feedback_days: u32,
}

/// Whether figures are for everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Public {
    /// Whether they are.
    pub enabled: bool,
    /// Accounts that never count: the house's own.
    pub excluded_accounts: Vec<String>,
    /// Applications whose addresses are known to be their own.
    pub verified_apps: Vec<String>,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A filter in the words of `tracing`.
    pub filter: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// For whom logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What an operator says of a provider.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// Its credential.
    #[serde(deserialize_with = "some_secret")]
    pub key: Option<Secret>,
    /// Several credentials, among which its requests are shared out.
    #[serde(deserialize_with = "some_secrets")]
    pub keys: Vec<Secret>,
    /// A file that holds its credential.
    pub key_file: Option<PathBuf>,
    /// Switched on or off.
    pub enabled: Option<bool>,
    /// What fills the placeholders of its address.
    pub placeholders: BTreeMap<String, String>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {message}")]
pub struct ConfigError {
    /// Which layer is at fault.
    pub origin: String,
    /// What is wrong with it, naming the key.
    pub message: String,
}

/// What the command line and the environment set.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// See [`Config::listen`].
    pub listen: Option<String>,
    /// See [`Config::data`].
    pub data: Option<PathBuf>,
    /// See [`Config::catalog`]; added to those of the file.
    pub catalog: Vec<PathBuf>,
    /// See [`Config::demo`].
    pub demo: bool,
    /// See [`Database::url`].
    pub database_url: Option<String>,
}

impl Config {
    /// Lays an operator's file, if any, and the command line over the defaults.
    ///
    /// # Errors
    /// When a layer is no TOML, has a key that does not exist, or a value of the wrong kind; the
    /// message names the key.
    pub fn read(file: Option<(&str, &str)>, overrides: &Overrides) -> Result<Config, ConfigError> {
        let mut layers = parse("default.toml", DEFAULTS)?;
        if let Some((path, text)) = file {
            let own = parse(path, text)?;
            // Checked alone first, so that the command line is not blamed for a mistake of it.
            check(path, text)?;
            lay_over(&mut layers, own);
        }
        lay_over(&mut layers, overrides.table());
        let config: Config =
            Value::Table(layers).try_into().map_err(|error: toml::de::Error| {
                let origin = file.map_or("the command line", |(path, _)| path);
                fault(origin, error.message())
            })?;
        config.validated()
    }

    /// Returns the folder of all journals.
    pub fn journal_folder(&self) -> PathBuf {
        match self.journal.folder.as_os_str().is_empty() {
            true => self.data.join("journal"),
            false => self.journal.folder.clone(),
        }
    }

    /// Returns where events and their sums are.
    pub fn traffic_place(&self) -> Place {
        let Analytics { folder, clickhouse, .. } = &self.analytics;
        if !clickhouse.is_empty() {
            return Place::ClickHouse(clickhouse.clone());
        }
        Place::Folder(match folder.as_os_str().is_empty() {
            true => self.data.join("traffic"),
            false => folder.clone(),
        })
    }

    fn validated(self) -> Result<Config, ConfigError> {
        let Timeouts { connect_ms, first_byte_ms, idle_ms, total_ms, .. } = self.timeouts;
        let zeros = [
            ("timeouts.connect_ms", connect_ms),
            ("timeouts.first_byte_ms", first_byte_ms),
            ("timeouts.idle_ms", idle_ms),
            ("timeouts.total_ms", total_ms),
            ("limits.body_bytes", self.limits.body_bytes as u64),
            ("limits.connections", self.limits.connections as u64),
            ("limits.in_flight", u64::from(self.limits.in_flight)),
            ("redis.timeout_ms", self.redis.timeout_ms),
            ("limits.free.requests_per_minute", self.limits.free.requests_per_minute),
            ("limits.free.requests_per_day", self.limits.free.requests_per_day),
            ("limits.free.requests_per_day_paid", self.limits.free.requests_per_day_paid),
            ("idempotency.window_ms", self.idempotency.window_ms),
            ("idempotency.key_requests", u64::from(self.idempotency.key_requests)),
        ];
        if let Some((key, _)) = zeros.iter().find(|(_, value)| *value == 0) {
            return Err(fault("configuration", &format!("`{key}` must not be zero")));
        }
        let stripe = &self.payments.stripe;
        if stripe.secret_key.is_empty() != stripe.webhook_secret.is_empty() {
            let reason = "`payments.stripe` needs `secret_key` and `webhook_secret`, or neither";
            return Err(fault("configuration", reason));
        }
        Ok(self)
    }
}

impl Overrides {
    fn table(&self) -> Table {
        let mut table = Table::new();
        if let Some(listen) = &self.listen {
            table.insert("listen".to_owned(), Value::String(listen.clone()));
        }
        if let Some(data) = &self.data {
            table.insert("data".to_owned(), Value::String(data.display().to_string()));
        }
        if !self.catalog.is_empty() {
            let paths = self.catalog.iter().map(|path| Value::String(path.display().to_string()));
            table.insert("catalog".to_owned(), Value::Array(paths.collect()));
        }
        if self.demo {
            table.insert("demo".to_owned(), Value::Boolean(true));
        }
        if let Some(url) = &self.database_url {
            let database = Table::from_iter([("url".to_owned(), Value::String(url.clone()))]);
            table.insert("database".to_owned(), Value::Table(database));
        }
        table
    }
}

fn parse(origin: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| fault(origin, error.to_string().trim_end()))
}

/// Checks one file's keys and values against the defaults that it is laid over.
fn check(origin: &str, text: &str) -> Result<(), ConfigError> {
    let mut whole = parse("default.toml", DEFAULTS)?;
    lay_over(&mut whole, parse(origin, text)?);
    // What is read is not the file's own text, so the key is told and no line.
    Value::Table(whole)
        .try_into::<Config>()
        .map(|_| ())
        .map_err(|error| fault(origin, error.to_string().trim_end()))
}

/// Replaces scalars and arrays, and merges tables by key.
fn lay_over(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(replacing)) => lay_over(inner, replacing),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn fault(origin: &str, message: &str) -> ConfigError {
    ConfigError { origin: origin.to_owned(), message: message.to_owned() }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn some_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Secret::new))
}

fn some_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    Vec::<String>::deserialize(deserializer)
        .map(|texts| texts.into_iter().map(Secret::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_stand_alone() {
        let config = Config::read(None, &Overrides::default()).unwrap();
        assert_eq!(config.listen.port(), 7070);
        assert!(config.providers.is_empty());
    }

    #[test]
    fn a_typo_is_named() {
        let error = Config::read(Some(("my.toml", "listn = '0.0.0.0:80'")), &Overrides::default());
        let said = error.unwrap_err().to_string();
        assert!(said.starts_with("my.toml: ") && said.contains("unknown field `listn`"), "{said}");
        let error = Config::read(
            Some(("my.toml", "[timeouts]\nfirst_byte_ms = 'soon'")),
            &Overrides::default(),
        );
        let said = error.unwrap_err().to_string();
        assert!(said.contains("in `timeouts.first_byte_ms`"), "{said}");
        // The line would be one of the defaults, where nobody looks for it.
        assert!(!said.contains("line"), "{said}");
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = "listen = '0.0.0.0:80'\n[timeouts]\nidle_ms = 5\n[providers.groq]\nkey = 'gsk'";
        let overrides =
            Overrides { listen: Some("127.0.0.1:9".to_owned()), ..Overrides::default() };
        let config = Config::read(Some(("my.toml", file)), &overrides).unwrap();
        assert_eq!((config.listen.port(), config.timeouts.idle_ms), (9, 5));
        assert_eq!(config.timeouts.connect_ms, 2_000);
        assert_eq!(format!("{:?}", config.providers["groq"].key), "Some(Secret(…))");
    }
}
