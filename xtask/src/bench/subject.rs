//! Who is measured: the simulated provider alone, nginx before it, Interline before it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::ask::{Ask, Expects, chat_body, request};
use super::connection::call;
use super::machine::Cores;
use super::process::{Launch, Process, Scratch, free_address};

/// One who is measured, while it is running.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    address: SocketAddr,
    /// None for the simulator alone, whose times are measured in any case.
    pub(crate) gateway: Option<Process>,
    /// From the start to the first answer.
    pub(crate) started: Duration,
    /// The one path for all models; without it the path names the script.
    path: Option<&'static str>,
    key: Option<String>,
}

/// The simulated provider behind all of them.
pub(crate) struct Upstream {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

/// How the simulated provider answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Script {
    /// One body of a kilobyte.
    Whole,
    /// A stream whose chunks all come at once.
    Burst { chunks: u32 },
    /// A stream with a chunk every millisecond, each in a packet of its own.
    Flow { chunks: u32 },
    /// A stream with a chunk every tenth of a second.
    Slow { chunks: u32 },
}

/// What starting needs.
pub(crate) struct Ground<'a> {
    pub(crate) scratch: &'a Scratch,
    /// The binary `interline`.
    pub(crate) binary: &'a Path,
    pub(crate) cores: &'a Cores,
}

pub(crate) const DIRECT: &str = "direct";
pub(crate) const NGINX: &str = "nginx";
pub(crate) const INTERLINE: &str = "interline";

/// The key that makes keys. Any text would do, for the data is gone with the run.
const ROOT_KEY: &str = "sk-or-v1-be9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9cbe9c";

/// Simulated answers are padded to 1,024 bytes, give or take a word.
const WHOLE_BYTES_MIN: usize = 900;

const NGINX_PROGRAMS: [&str; 3] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];

impl Script {
    fn name(self) -> &'static str {
        match self {
            Script::Whole => "whole",
            Script::Burst { .. } => "burst",
            Script::Flow { .. } => "flow",
            Script::Slow { .. } => "slow",
        }
    }

    fn json(self) -> String {
        let script = match self {
            Script::Whole => json!({ "body_bytes": 1024 }),
            Script::Burst { chunks } => json!({ "output_tokens": chunks }),
            Script::Flow { chunks } => json!({ "output_tokens": chunks, "chunk_ms": 1 }),
            Script::Slow { chunks } => json!({ "output_tokens": chunks, "chunk_ms": 100 }),
        };
        script.to_string()
    }

    fn expects(self) -> Expects {
        match self {
            Script::Whole => Expects::Whole { bytes_min: WHOLE_BYTES_MIN },
            Script::Burst { chunks } | Script::Flow { chunks } | Script::Slow { chunks } => {
                Expects::Stream { events_min: u64::from(chunks) }
            }
        }
    }
}

impl Upstream {
    /// Starts the simulator, which remembers nothing, and teaches it the scripts.
    ///
    /// # Errors
    ///
    /// A sentence, when it does not start or does not take a script.
    pub(crate) fn start(ground: &Ground<'_>, scripts: &[Script]) -> Result<Upstream, String> {
        let address = free_address()?;
        let args = ["simulate", "--no-record", "--listen"].map(str::to_owned);
        let mut process = Process::start(Launch {
            name: "the simulator",
            program: ground.binary,
            args: args.into_iter().chain([address.to_string()]).collect(),
            env: Vec::new(),
            log: ground.scratch.join("simulator.log"),
            cores: ground.cores.load.clone(),
        })?;
        process.wait_until_ready(address, "/_sim/health")?;
        for script in scripts {
            let path = format!("/_sim/providers/{}", script.name());
            call(address, "PUT", &path, None, &script.json())?;
        }
        Ok(Upstream { process, address })
    }
}

impl Subject {
    /// The simulator, without anything before it.
    pub(crate) fn direct(upstream: &Upstream) -> Subject {
        let (address, started) = (upstream.address, Duration::ZERO);
        Subject { name: DIRECT, address, gateway: None, started, path: None, key: None }
    }

    /// Starts nginx before the simulator.
    ///
    /// # Errors
    ///
    /// A sentence, when it is not installed or does not start.
    pub(crate) fn nginx(ground: &Ground<'_>, upstream: &Upstream) -> Result<Subject, String> {
        let program = NGINX_PROGRAMS.iter().map(Path::new).find(|program| program.is_file());
        let program = program.ok_or_else(|| {
            "nginx is missing: apt-get install nginx-light (as root), or cargo xtask test \
             --only tools"
                .to_owned()
        })?;
        let address = free_address()?;
        let folder = ground.scratch.join("nginx");
        let conf = nginx_conf(&folder, address, upstream.address);
        let file = folder.join("nginx.conf");
        let write = || fs::create_dir_all(&folder).and_then(|()| fs::write(&file, conf));
        write().map_err(|error| format!("{}: {error}", file.display()))?;
        let args = ["-p".to_owned(), text(&folder), "-c".to_owned(), text(&file)];
        let mut process = Process::start(Launch {
            name: NGINX,
            program,
            args: args.to_vec(),
            env: Vec::new(),
            log: ground.scratch.join("nginx.log"),
            cores: ground.cores.gateway.clone(),
        })?;
        let started = process.wait_until_ready(address, "/_sim/health")?;
        let gateway = Some(process);
        Ok(Subject { name: NGINX, address, gateway, started, path: None, key: None })
    }

    /// Starts Interline before the simulator, with a key that has a limit.
    ///
    /// The data of an earlier start are kept, so that only the first one makes the database.
    ///
    /// # Errors
    ///
    /// A sentence, when it does not start or makes no key.
    pub(crate) fn interline(ground: &Ground<'_>, upstream: &Upstream) -> Result<Subject, String> {
        let address = free_address()?;
        let catalog = ground.scratch.join("catalog");
        let file = catalog.join("bench.toml");
        let write = || {
            fs::create_dir_all(&catalog).and_then(|()| fs::write(&file, overlay(upstream.address)))
        };
        write().map_err(|error| format!("{}: {error}", file.display()))?;
        let (listen, data) = (address.to_string(), text(&ground.scratch.join("data")));
        let catalog = text(&catalog);
        let args = ["serve", "--listen", &listen, "--data", &data, "--catalog", &catalog];
        let mut process = Process::start(Launch {
            name: INTERLINE,
            program: ground.binary,
            args: args.map(str::to_owned).to_vec(),
            env: vec![("INTERLINE_ROOT_KEY".to_owned(), ROOT_KEY.to_owned())],
            log: ground.scratch.join("interline.log"),
            cores: ground.cores.gateway.clone(),
        })?;
        let started = process.wait_until_ready(address, "/healthz")?;
        let wanted = json!({ "name": "bench", "limit": 1_000_000 }).to_string();
        let made = call(address, "POST", "/api/v1/keys", Some(ROOT_KEY), &wanted)
            .map_err(|error| process.told(&error))?;
        let key = made["key"].as_str().ok_or_else(|| format!("no key was made: {made}"))?;
        Ok(Subject {
            name: INTERLINE,
            address,
            gateway: Some(process),
            started,
            path: Some("/api/v1/chat/completions"),
            key: Some(key.to_owned()),
        })
    }

    /// What is asked of it, with a body of so many bytes.
    pub(crate) fn ask(&self, script: Script, bytes: usize) -> Ask {
        let script_name = script.name();
        let is_stream = !matches!(script, Script::Whole);
        let body = chat_body(&format!("bench/{script_name}"), is_stream, bytes);
        let own = format!("/{script_name}/v1/chat/completions");
        let path = self.path.unwrap_or(&own);
        // All are sent a key, so that none has less to read.
        let key = self.key.as_deref().unwrap_or(ROOT_KEY);
        let bytes = request("POST", path, Some(key), &body);
        Ask { address: self.address, bytes, expects: script.expects() }
    }

    /// What its key has spent, in dollars; none where there is no key.
    ///
    /// # Errors
    ///
    /// A sentence, when it does not say.
    pub(crate) fn spent(&self) -> Result<Option<f64>, String> {
        let Some(key) = &self.key else { return Ok(None) };
        let told = call(self.address, "GET", "/api/v1/key", Some(key), "")?;
        let usage = told["data"]["usage"].as_f64();
        usage.map(Some).ok_or_else(|| format!("the key does not say what it spent: {told}"))
    }
}

/// A plain reverse proxy of one process, as one writes it by hand.
fn nginx_conf(folder: &Path, listen: SocketAddr, upstream: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_body_buffer_size 256k;
  keepalive_requests 1000000000;
  upstream simulator {{
    server {upstream};
    keepalive 1024;
    keepalive_requests 1000000000;
  }}
  proxy_http_version 1.1;
  proxy_set_header Connection \"\";
  server {{
    listen {listen} backlog=4096;
    location / {{ proxy_pass http://simulator; }}
    location ~ ^/(burst|flow|slow)/ {{ proxy_pass http://simulator; proxy_buffering off; }}
  }}
}}
"
    )
}

/// One model for each script, served by two providers, so that there is something to plan.
fn overlay(upstream: SocketAddr) -> String {
    let mut text = String::new();
    for script in ["whole", "burst", "flow", "slow"] {
        text += &format!(
            "[[model]]
id = \"bench/{script}\"
name = \"Bench {script}\"
context = 1000000
max_output = 8192
input_modalities = [\"text\"]
output_modalities = [\"text\"]
open_weights = false
reasoning = false
tools = true
structured_output = true
temperature = true

"
        );
        for (place, price) in [("north", "0.10"), ("south", "0.12")] {
            text += &format!(
                "[provider.bench-{script}-{place}]
name = \"Bench {script} {place}\"
class = \"private\"
operator = \"Interline bench\"
base_url = \"http://{upstream}/{script}/v1\"
dialect = \"openai-chat\"
auth = \"none\"
data = {{ train = \"no\", retention_days = 0, conf = \"high\" }}

[[endpoint]]
provider = \"bench-{script}-{place}\"
model = \"bench/{script}\"
id = \"{script}\"
price = {{ input = \"{price}\", output = \"0.40\" }}

"
            );
        }
    }
    text
}

fn text(path: &Path) -> String {
    PathBuf::from(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overlay_is_toml_that_points_at_the_simulator() {
        let overlay = overlay(SocketAddr::from(([127, 0, 0, 1], 4321)));
        let read: toml::Table = toml::from_str(&overlay).expect("it is TOML");
        assert_eq!(read["model"].as_array().map(Vec::len), Some(4));
        assert_eq!(read["endpoint"].as_array().map(Vec::len), Some(8));
        let base = &read["provider"]["bench-slow-south"]["base_url"];
        assert_eq!(base.as_str(), Some("http://127.0.0.1:4321/slow/v1"));
    }
}
