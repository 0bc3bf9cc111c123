//! The product as a client meets it: simulated providers, and Interline in front of them.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::child::{Launch, Server, free_port};
use super::http;
use super::temp::TempDir;

const READY: Duration = Duration::from_secs(30);

/// The key that makes keys. Any text would do, for the data is gone with the run.
const ROOT_KEY: &str = "sk-or-v1-e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0";

/// Pages show what the tests' own traffic did: what it calls itself is on them.
const CONFIG: &str = "[site]\nfigures = true\n";

/// What the catalogue in `e2e/catalog` writes in place of the simulator's address.
const SIMULATOR: &str = "http://simulator.invalid";

/// A running gateway over a running simulator. Both end with it.
pub(crate) struct Stack {
    server: Server,
    // After the server, so that it outlives it.
    _simulator: Server,
    _folder: TempDir,
    port: u16,
    simulator_port: u16,
    key: String,
}

impl Stack {
    /// Starts the simulator and the gateway on free ports and makes a key for inference. `more` are
    /// rows of the catalog beside those that all tests share.
    ///
    /// # Errors
    ///
    /// A sentence that says which of the two was not ready and what it wrote last.
    pub(crate) fn start(root: &Path, binary: &Path, more: Option<&str>) -> Result<Stack, String> {
        let folder = TempDir::new("stack").map_err(|error| error.to_string())?;
        let simulator_port = free_port().map_err(|error| error.to_string())?;
        let simulator = start_simulator(binary, folder.path(), simulator_port)?;
        let catalog = folder.path().join("catalog");
        write_catalog(&root.join("e2e/catalog"), &catalog, simulator_port)?;
        if let Some(rows) = more {
            let rows = rows.replace(SIMULATOR, &format!("http://127.0.0.1:{simulator_port}"));
            fs::write(catalog.join("more.toml"), rows).map_err(|error| error.to_string())?;
        }
        let port = free_port().map_err(|error| error.to_string())?;
        let config = folder.path().join("interline.toml");
        fs::write(&config, CONFIG).map_err(|error| error.to_string())?;
        let more = ["--catalog".to_owned(), text(&catalog), "--config".to_owned(), text(&config)];
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let server = start_server(binary, folder.path(), port, &more)?;
        let key = make_key(port).map_err(|error| format!("{error}\n{}", server.log_tail()))?;
        Ok(Stack { server, _simulator: simulator, _folder: folder, port, simulator_port, key })
    }

    /// What a client test must know, as environment.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        let pairs = [
            ("INTERLINE_URL", format!("http://127.0.0.1:{}/api/v1", self.port)),
            ("INTERLINE_KEY", self.key.clone()),
            ("INTERLINE_ROOT_KEY", ROOT_KEY.to_owned()),
            ("SIM_URL", format!("http://127.0.0.1:{}", self.simulator_port)),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// The last lines that the gateway wrote.
    pub(crate) fn log_tail(&self) -> String {
        self.server.log_tail()
    }
}

/// A gateway as a first start shows it: demo models, and ninety days of traffic that never were.
pub(crate) struct Demo {
    _server: Server,
    _folder: TempDir,
    port: u16,
}

impl Demo {
    /// Starts it on a free port.
    ///
    /// # Errors
    ///
    /// A sentence that says what it wrote last.
    pub(crate) fn start(binary: &Path) -> Result<Demo, String> {
        let folder = TempDir::new("demo").map_err(|error| error.to_string())?;
        let port = free_port().map_err(|error| error.to_string())?;
        let server = start_server(binary, folder.path(), port, &["--demo"])?;
        Ok(Demo { _server: server, _folder: folder, port })
    }

    /// What a test must know, as environment.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        vec![("INTERLINE_DEMO_URL".to_owned(), format!("http://127.0.0.1:{}", self.port))]
    }
}

fn start_simulator(binary: &Path, folder: &Path, port: u16) -> Result<Server, String> {
    let command = vec![
        text(binary),
        "simulate".to_owned(),
        "--listen".to_owned(),
        format!("127.0.0.1:{port}"),
    ];
    let log = folder.join("simulator.log");
    let (env, user) = (Vec::new(), None);
    let launch = Launch { name: "the simulator", command, env, log, user, stop_signal: "TERM" };
    let mut simulator = Server::start(launch)?;
    simulator.wait_until(READY, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok(simulator)
}

fn start_server(binary: &Path, folder: &Path, port: u16, more: &[&str]) -> Result<Server, String> {
    let mut command = vec![
        text(binary),
        "serve".to_owned(),
        "--listen".to_owned(),
        format!("127.0.0.1:{port}"),
        "--data".to_owned(),
        text(&folder.join("data")),
    ];
    command.extend(more.iter().map(|it| (*it).to_owned()));
    let env = vec![("INTERLINE_ROOT_KEY".to_owned(), ROOT_KEY.to_owned())];
    let log = folder.join("server.log");
    let launch = Launch { name: "interline", command, env, log, user: None, stop_signal: "TERM" };
    let mut server = Server::start(launch)?;
    let answers = || http::get(port, "/api/v1/models").is_ok_and(|answer| answer.status == 200);
    server.wait_until(READY, answers)?;
    Ok(server)
}

/// Copies the catalogue and puts the simulator's address where the files leave a place for it.
fn write_catalog(from: &Path, to: &Path, simulator_port: u16) -> Result<(), String> {
    let address = format!("http://127.0.0.1:{simulator_port}");
    let copy = || -> std::io::Result<()> {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let path = entry?.path();
            let text = fs::read_to_string(&path)?.replace(SIMULATOR, &address);
            fs::write(to.join(path.file_name().unwrap_or_default()), text)?;
        }
        Ok(())
    };
    copy().map_err(|error| format!("{}: {error}", from.display()))
}

fn make_key(port: u16) -> Result<String, String> {
    let answer = http::post(port, "/api/v1/keys", ROOT_KEY, &json!({ "name": "e2e" }))
        .map_err(|error| format!("no key was made: {error}"))?;
    let key = answer.json()["key"].as_str().map(str::to_owned);
    key.ok_or_else(|| format!("no key was made: {} {}", answer.status, answer.body))
}

fn text(path: &Path) -> String {
    PathBuf::from(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_points_at_the_simulator() {
        let folder = TempDir::new("catalog").expect("the temporary folder can be written");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir(&from).expect("the folder is there");
        fs::write(from.join("a.toml"), format!("base_url = \"{SIMULATOR}/alpha/v1\""))
            .expect("the folder is there");
        write_catalog(&from, &to, 4321).expect("both folders are there");
        let text = fs::read_to_string(to.join("a.toml")).expect("the file was copied");
        assert_eq!(text, "base_url = \"http://127.0.0.1:4321/alpha/v1\"");
    }
}
