//! A ClickHouse of our own, in a temporary folder, for as long as the tests need it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::child::{Launch, Server, free_port};
use super::http;
use super::task::find_program;
use super::temp::TempDir;

/// A running database. It ends, and its data with it, on drop.
pub(crate) struct ClickHouse {
    // The server before the folder, for fields are dropped in order.
    _server: Server,
    _folder: TempDir,
    port: u16,
}

const USERS: &str = "<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors>
    <result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time>
  </interval></default></quotas>
</yandex>
";

impl ClickHouse {
    /// Makes a new, empty database and starts it on free ports of the loopback.
    ///
    /// # Errors
    ///
    /// A sentence that says which step failed and what the program wrote.
    pub(crate) fn start() -> Result<ClickHouse, String> {
        let folder = TempDir::new("clickhouse").map_err(|error| error.to_string())?;
        let ports = [free_port(), free_port()];
        let [Ok(port), Ok(native)] = ports else { return Err("no port is free".to_owned()) };
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).map_err(|error| format!("{name}: {error}"))
        };
        write("config.xml", &config(folder.path(), port, native))?;
        write("users.xml", USERS)?;
        let program = find_program("clickhouse-server", &["/usr/sbin".into()]);
        let program = program.ok_or("`clickhouse-server` is not installed")?;
        let config = folder.path().join("config.xml");
        let mut server = Server::start(Launch {
            name: "clickhouse",
            command: vec![
                program.to_string_lossy().into_owned(),
                format!("--config-file={}", config.display()),
            ],
            env: Vec::new(),
            log: folder.path().join("out"),
            user: None,
            stop_signal: "TERM",
        })?;
        let is_ready = || http::get(port, "/ping").is_ok_and(|answer| answer.status == 200);
        server.wait_until(Duration::from_secs(60), is_ready)?;
        Ok(ClickHouse { _server: server, _folder: folder, port })
    }

    /// Where tests reach the database.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn config(folder: &Path, port: u16, native: u16) -> String {
    let folder = folder.display();
    format!(
        "<yandex>
  <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/log</errorlog></logger>
  <http_port>{port}</http_port><tcp_port>{native}</tcp_port>
  <listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
</yandex>
"
    )
}
