//! Something to talk to on a first start: models that a simulator in this process answers. With
//! `--demo` it also stands in for every provider without a credential, so that whatever a page
//! shows can be tried.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

use catalog::SourceFile;
use domain::catalog::{Catalog, Dialect, ModelIx, Provider};
use relay::Snapshot;
use simulator::{Script, Simulator, SimulatorOptions};

use crate::snapshot::Assembled;

/// The model that the first words of a new user go to.
pub const FIRST_MODEL: &str = "interline/demo";

/// The demo's catalog; `{address}` stands for the simulator's.
const CATALOG: &str = include_str!("demo.toml");

/// Starts the simulator on a free port of this machine.
///
/// # Errors
/// When no port can be bound.
pub fn start() -> io::Result<Simulator> {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = SimulatorOptions { listen, record: false, ..SimulatorOptions::default() };
    let simulator = Simulator::start(options)?;
    for name in ["north", "south"] {
        simulator.script(name, script(0));
    }
    simulator.script("thinker", script(24));
    Ok(simulator)
}

/// A key that a demo gives to everybody, for as long as nothing but the simulator can be reached.
#[derive(Clone, Debug)]
pub struct HandedOut {
    key: String,
    /// What the address of everything simulated begins with.
    base: String,
}

impl HandedOut {
    /// Takes the key and the simulator's address.
    pub fn new(key: String, simulator: SocketAddr) -> HandedOut {
        HandedOut { key, base: base(simulator) }
    }

    /// Returns the key; `None` where a request could leave this machine and cost something.
    pub fn key(&self, snapshot: &Snapshot) -> Option<&str> {
        let catalog = &snapshot.catalog;
        let mut models = (0..).map(ModelIx).take(catalog.models().len());
        let is_simulated = |place| catalog.endpoint(place).base_url.starts_with(&self.base);
        let all = models.all(|model| snapshot.callable(model).iter().copied().all(is_simulated));
        all.then_some(self.key.as_str())
    }
}

fn base(simulator: SocketAddr) -> String {
    format!("http://{simulator}/")
}

/// Returns the overlay by which the simulator stands in for every provider that has no credential
/// here, and lets it answer for each at a pace of its own.
pub fn stand_ins(simulator: &Simulator, few: &Assembled) -> Vec<SourceFile> {
    let catalog = &few.snapshot.catalog;
    let base = base(simulator.addr());
    let absent = few.providers.iter().filter(|found| !found.active && found.fault.is_none());
    let absent: HashSet<&str> = absent.map(|found| found.slug.as_str()).collect();
    let mut text = String::new();
    for provider in catalog.providers() {
        if absent.contains(provider.slug.as_str()) && can_be_played(catalog, provider) {
            let _ = write!(text, "{}", stand_in(provider, &base));
            simulator.script(&provider.slug, pace(provider));
        }
    }
    vec![SourceFile { path: "stand-ins.toml".to_owned(), text }]
}

/// Returns whether the simulator speaks as a provider does, and all that is asked of it would go to
/// the simulator.
fn can_be_played(catalog: &Catalog, provider: &Provider) -> bool {
    let known = [Dialect::OpenaiChat, Dialect::OpenaiResponses, Dialect::AnthropicMessages];
    let place = catalog.find_provider(&provider.slug);
    let mut own = catalog.endpoints().iter().filter(|it| Some(it.provider) == place);
    let is_inherited = |url: &String| {
        *url == provider.base_url || provider.also.values().any(|other| other == url)
    };
    !provider.disabled
        && known.contains(&provider.dialect)
        && own.all(|endpoint| is_inherited(&endpoint.base_url))
}

fn stand_in(provider: &Provider, base: &str) -> String {
    let slug = &provider.slug;
    let url = format!("{base}{slug}/v1");
    let mut text = format!("[provider.{slug}]\nbase_url = \"{url}\"\nauth = \"none\"\n");
    for dialect in provider.also.keys() {
        let name = serde_json::to_value(dialect).unwrap_or_default();
        let _ = writeln!(text, "also.{} = \"{url}\"", name.as_str().unwrap_or_default());
    }
    text.push('\n');
    text
}

/// How a stand-in answers: each at its own pace, the same on every start.
fn pace(provider: &Provider) -> Script {
    let lot = site::assets::fnv(provider.slug.as_bytes());
    Script {
        text: Some(format!("{} {STANDING_IN}", provider.display_name)),
        first_byte_ms: 60 + lot % 400,
        chunk_ms: 8 + lot / 400 % 16,
        ..Script::default()
    }
}

const STANDING_IN: &str = "is not asked in a demo: Interline's simulator answers in its place, and \
    understands nothing. What is around these words is real: the routing, the stream, and the cost, \
    at the price that this provider posts. Put a provider's key into the environment to talk to a \
    real model.";

/// What the demo models say, at the pace of a model.
fn script(reasoning_tokens: u32) -> Script {
    Script {
        text: Some(GREETING.to_owned()),
        first_byte_ms: 60,
        chunk_ms: 12,
        reasoning_tokens,
        ..Script::default()
    }
}

const GREETING: &str = "Hello from Interline's demo model. I am simulated and understand nothing, but \
    what is around me is real: the routing, the stream, the tools, the cost in this answer. Put a \
    provider's key into the environment to talk to a real model.";

/// Returns the overlay that leads to a simulator.
pub fn overlay(simulator: SocketAddr) -> Vec<SourceFile> {
    let text = CATALOG.replace("{address}", &simulator.to_string());
    vec![SourceFile { path: "demo.toml".to_owned(), text }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_leads_every_surface_of_a_provider_to_the_simulator() {
        let base = vec![SourceFile {
            path: "providers/acme.toml".to_owned(),
            text: concat!(
                "[provider]\nslug = \"acme\"\nname = \"Acme\"\nclass = \"host\"\noperator = \"Acme\"\n",
                "base_url = \"https://acme.example.com/v1\"\ndialect = \"openai-chat\"\nauth = \"bearer\"\n",
                "also = { openai-responses = \"https://acme.example.com/r\" }\nkey_env = [\"ACME_KEY\"]\n",
                "data = { train = \"no\", retention_days = 0, conf = \"high\" }\n",
            )
            .to_owned(),
        }];
        let layers = |overlays| catalog::Layers { base: base.clone(), overlays };
        let before = catalog::load(&layers(Vec::new())).unwrap().catalog;
        assert!(can_be_played(&before, &before.providers()[0]));
        let text = stand_in(&before.providers()[0], "http://127.0.0.1:7/");
        let overlay = vec![SourceFile { path: "stand-ins.toml".to_owned(), text }];
        let after = catalog::load(&layers(vec![overlay])).unwrap().catalog;
        let acme = &after.providers()[0];
        assert_eq!(acme.base_url, "http://127.0.0.1:7/acme/v1");
        assert!(acme.also.values().all(|url| url.starts_with("http://127.0.0.1:7/")));
        assert_eq!(acme.auth, domain::catalog::Auth::None);
    }
}
