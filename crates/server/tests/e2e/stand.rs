//! The binary in front of a simulator, with a folder of its own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use simulator::{Script, Simulator, SimulatorOptions};

use crate::client::Client;

pub const ROOT_KEY: &str = "root-key-of-the-end-to-end-tests-0001";

/// Short enough for tests, long enough for a busy machine; and sorted, so that tests know who is
/// asked first.
pub const CONFIG: &str = "[timeouts]\nconnect_ms = 500\nfirst_byte_ms = 900\nidle_ms = 700\n\
                          keep_alive_ms = 300\ndrain_ms = 10000\n\
                          [routing]\nsort = \"price\"\n[log]\nfilter = \"info\"\n";

pub struct Stand {
    pub simulator: Arc<Simulator>,
    pub folder: PathBuf,
    pub operator: Client,
    pub caller: Client,
    child: Child,
    /// What the binary finds in its environment.
    variables: Variables,
}

type Variables = Vec<(&'static str, String)>;

/// Where the binary is told of a database server.
const DATABASE: &str = "INTERLINE_DATABASE_URL";

/// A provider of the stand, and the model that it serves at a price.
pub struct Offer<'a> {
    pub provider: &'a str,
    pub model: &'a str,
    pub dollars: &'a str,
    /// Where it is reached; the simulator, unless said otherwise.
    pub base_url: Option<String>,
    pub cancellable: bool,
}

impl<'a> Offer<'a> {
    pub fn of(provider: &'a str, model: &'a str, dollars: &'a str) -> Offer<'a> {
        Offer { provider, model, dollars, base_url: None, cancellable: true }
    }
}

impl Stand {
    pub async fn with(offers: &[Offer<'_>]) -> Stand {
        let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
        let rows = overlay(&simulator, offers);
        Stand::on(simulator, &rows).await
    }

    /// With these settings besides.
    pub async fn set(offers: &[Offer<'_>], settings: &str) -> Stand {
        let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
        let rows = overlay(&simulator, offers);
        Stand::configured(simulator, &rows, settings).await
    }

    /// With a configuration of its own.
    pub async fn told(offers: &[Offer<'_>], config: &str) -> Stand {
        let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
        let rows = overlay(&simulator, offers);
        Stand::of(simulator, &rows, config, Vec::new()).await
    }

    /// With a configuration and an environment of its own.
    pub async fn among(
        offers: &[Offer<'_>],
        config: &str,
        variables: Vec<(&'static str, String)>,
    ) -> Stand {
        let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
        let rows = overlay(&simulator, offers);
        Stand::of(simulator, &rows, config, variables).await
    }

    /// With a configuration of its own, on a database server.
    pub async fn served(offers: &[Offer<'_>], config: &str, database: &str) -> Stand {
        Stand::among(offers, config, vec![(DATABASE, database.to_owned())]).await
    }

    /// Another process on the same database server, with a journal of its own.
    pub fn sibling(&self) -> Stand {
        let folder = folder();
        std::fs::create_dir_all(folder.join("overlay")).unwrap();
        for file in ["interline.toml", "overlay/stand.toml"] {
            std::fs::copy(self.folder.join(file), folder.join(file)).unwrap();
        }
        let (child, base) = start(&folder, &self.variables);
        Stand {
            simulator: self.simulator.clone(),
            folder,
            operator: self.operator.at(base.clone()),
            caller: self.caller.at(base),
            child,
            variables: self.variables.clone(),
        }
    }

    /// With these rows over the shipped catalog.
    pub async fn on(simulator: Simulator, rows: &str) -> Stand {
        Stand::configured(simulator, rows, "").await
    }

    /// With these rows over the shipped catalog, and this more in the configuration.
    pub async fn configured(simulator: Simulator, rows: &str, config: &str) -> Stand {
        Stand::of(simulator, rows, &format!("{CONFIG}{config}"), Vec::new()).await
    }

    pub async fn of(simulator: Simulator, rows: &str, config: &str, variables: Variables) -> Stand {
        let folder = folder();
        std::fs::create_dir_all(folder.join("overlay")).unwrap();
        std::fs::write(folder.join("interline.toml"), config).unwrap();
        std::fs::write(folder.join("overlay/stand.toml"), rows).unwrap();
        let (child, base) = start(&folder, &variables);
        let operator = Client::new(base, ROOT_KEY);
        let made = operator.post("/keys", &json!({ "name": "caller" })).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let caller = operator.with_key(made.json()["key"].as_str().unwrap());
        let simulator = Arc::new(simulator);
        Stand { simulator, folder, operator, caller, child, variables }
    }

    /// The caller, at the server's own address instead of the API's.
    pub fn front(&self) -> Client {
        self.caller.at(self.caller.base().trim_end_matches("/api/v1").to_owned())
    }

    pub fn script(&self, provider: &str, json: &str) {
        let script = Script::from_json(json.as_bytes()).unwrap_or_else(|it| panic!("{json}: {it}"));
        self.simulator.script(provider, script);
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the binary to end.
    pub async fn ended(&mut self) -> ExitStatus {
        for _ in 0..400 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the binary does not end");
    }

    /// Starts the binary again on the same folder, after it has ended.
    pub fn restart(&mut self) {
        let (child, base) = start(&self.folder, &self.variables);
        self.child = child;
        self.operator = Client::new(base.clone(), ROOT_KEY);
        self.caller = self.caller.at(base);
    }

    /// Runs another command of the binary on the stand's data, and returns how it ended.
    pub fn run(&self, args: &[&str]) -> Output {
        let data = self.folder.join("data");
        Command::new(env!("CARGO_BIN_EXE_interline"))
            .args(args)
            .arg("--data")
            .arg(data)
            .env_clear()
            .envs(self.variables.iter().filter(|(name, _)| *name == DATABASE).cloned())
            .output()
            .expect("the binary runs")
    }

    /// Starts another process on the same folder, and returns how it ended.
    pub fn second(&self) -> Output {
        command(&self.folder, &self.variables).output().expect("the binary starts")
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("interline-e2e-{}-{number}", std::process::id()))
}

fn overlay(simulator: &Simulator, offers: &[Offer<'_>]) -> String {
    let mut text = String::new();
    let (mut providers, mut models) = (Vec::new(), Vec::new());
    for Offer { provider, model, dollars, base_url, cancellable } in offers {
        if !models.contains(model) {
            models.push(model);
            let _ = write!(
                text,
                "[[model]]\nid = \"{model}\"\nname = \"{model}\"\ncontext = 100000\n\
                 max_output = 4000\ninput_modalities = [\"text\"]\n\
                 output_modalities = [\"text\"]\ntools = true\ntemperature = true\n"
            );
        }
        if !providers.contains(provider) {
            providers.push(provider);
            let url = base_url.clone().unwrap_or_else(|| simulator.base_url(provider));
            let _ = write!(
                text,
                "[provider.{provider}]\nname = \"{provider}\"\ndialect = \"openai-chat\"\n\
                 base_url = \"{url}\"\nauth = \"none\"\ncancellable = {cancellable}\n"
            );
        }
        let _ = write!(
            text,
            "[[endpoint]]\nprovider = \"{provider}\"\nmodel = \"{model}\"\nid = \"{model}\"\n\
             price = {{ input = \"{dollars}\", output = \"{dollars}\" }}\n"
        );
    }
    text
}

/// Starts the binary on a free port and returns the address that it says it listens on.
fn start(folder: &std::path::Path, variables: &Variables) -> (Child, String) {
    let mut child = command(folder, variables)
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_else(|| {
        panic!("{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default())
    });
    // Reads the rest, so that the binary never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    let base = first.split_whitespace().last().expect("an address").to_owned();
    (child, base)
}

fn command(folder: &std::path::Path, variables: &Variables) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interline"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .arg("--config")
        .arg(folder.join("interline.toml"))
        .arg("--catalog")
        .arg(folder.join("overlay"))
        .env_clear()
        .env("INTERLINE_ROOT_KEY", ROOT_KEY)
        .envs(variables.iter().cloned());
    command
}
