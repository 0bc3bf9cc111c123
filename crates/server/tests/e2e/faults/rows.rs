//! The table: what a provider does, what its callers see of that, and what it is held against.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use simulator::{Certificate, H2Fault};

/// A row of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: String,
    pub does: String,
    pub held: Held,
    pub whole: Shows,
    pub stream: Shows,
    pub ways: Vec<Place>,
}

/// Where a provider is met, or how.
#[derive(Clone, Debug)]
pub enum Place {
    /// At the simulator, with this fault.
    Fault(String),
    /// Nobody listens.
    Refusing,
    /// Connections do not come about.
    BlackHole,
    /// The name leads nowhere.
    Nowhere,
    /// A greeting is not answered.
    Mute,
    /// Plain HTTP where TLS is expected.
    Plain,
    /// A certificate that is not to be trusted.
    Wrong(Certificate),
    /// HTTP/2 that goes wrong.
    H2(H2Fault),
}

/// What callers see where nobody else can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The provider's own answer.
    Served,
    /// No answer, and a status. Another provider serves, where one is left.
    Refusal(u16),
    /// The beginning of an answer, and an error with this status.
    Break(u16),
    /// An answer that ends with `length`.
    Cut,
}

/// What it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The endpoint: it counts towards an outage.
    Endpoint,
    /// The endpoint, which is left alone for five minutes.
    Model,
    /// The credential.
    Credential,
    /// The credential, for a while.
    Limit,
    /// The caller.
    Caller,
    Nobody,
}

/// Returns the rows, by group.
pub fn rows() -> BTreeMap<String, Vec<Row>> {
    toml::from_str(include_str!("rows.toml")).expect("a table")
}

impl Row {
    /// Returns what callers see of it.
    pub fn shows(&self, streams: bool) -> Shows {
        if streams { self.stream } else { self.whole }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "refusing" => Place::Refusing,
            "black hole" => Place::BlackHole,
            "nowhere" => Place::Nowhere,
            "mute" => Place::Mute,
            "plain" => Place::Plain,
            "expired" => Place::Wrong(Certificate::Expired),
            "wrong host" => Place::Wrong(Certificate::WrongHost),
            "self-signed" => Place::Wrong(Certificate::SelfSigned),
            "refused stream" => Place::H2(H2Fault::Refused),
            "good-bye" => Place::H2(H2Fault::GoAway),
            "no room" => Place::H2(H2Fault::ZeroWindow),
            "settings" => Place::H2(H2Fault::SettingsFlood),
            _ => Place::Fault(text),
        })
    }
}

impl<'de> Deserialize<'de> for Shows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shows, D::Error> {
        let text = String::deserialize(deserializer)?;
        let status = |text: &str| text.parse().map_err(serde::de::Error::custom);
        match text.split_once(' ') {
            Some(("refusal", code)) => Ok(Shows::Refusal(status(code)?)),
            Some(("break", code)) => Ok(Shows::Break(status(code)?)),
            None if text == "served" => Ok(Shows::Served),
            None if text == "cut" => Ok(Shows::Cut),
            _ => Err(serde::de::Error::custom(format!("`{text}` is nothing to see"))),
        }
    }
}
