//! `interline serve`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use domain::port::Clock;
use domain::secret::Secret;
use relay::Health;
use store::launches;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::banner::Banner;
use super::house::{House, current, first_assembly, read_config};
use super::reload;
use super::root_key::{RootKey, demo_key, hasher, root_key, shown};
use super::trouble::Trouble;
use crate::app::{App, Current};
use crate::auth::Auth;
use crate::cli::Serve;
use crate::clock::{SystemClock, random};
use crate::config::{Config, DEFAULTS, LogFormat};
use crate::demo::HandedOut;
use crate::key_text::hex;
use crate::limits::{Cluster, Keeper, Limits};
use crate::listener::{self, Door};
use crate::upstream::{Clients, authorities};
use crate::{acceptances, budgets, census, database, housekeeping, limits, payments, room, routes};

/// Serves the API until it is told to stop.
///
/// # Errors
/// When the configuration, the catalog or the database cannot be used, or the address is taken.
pub(super) fn run(serve: &Serve) -> Result<ExitCode, Trouble> {
    if serve.print_config {
        write!(std::io::stdout(), "{DEFAULTS}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = read_config(serve)?;
    start_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(start(serve, config));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// What speaks to providers for us, and would log their addresses and the headers of both sides,
/// credentials among them, where a filter lets it: nothing may tell those.
const SILENT: [&str; 6] = ["h2", "hyper", "hyper_util", "hyper_rustls", "rustls", "tower"];

fn start_log(config: &Config) -> Result<(), Trouble> {
    let mut filter =
        EnvFilter::try_new(&config.log.filter).map_err(|error| format!("log.filter: {error}"))?;
    for target in SILENT {
        let off = format!("{target}=off").parse().map_err(|error| format!("{target}: {error}"))?;
        filter = filter.add_directive(off);
    }
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    }
}

async fn start(serve: &Serve, config: Config) -> Result<ExitCode, Trouble> {
    let (db, _claim) = database::open(&config).await?;
    let hasher = hasher(&db).await?;
    let root = root_key(&db, &hasher, serve.root_key.as_deref()).await?;
    let trusted = authorities(&config.network.authorities)?;
    let connect = Duration::from_millis(config.timeouts.connect_ms);
    let clients = Clients::new(connect, &trusted)?;
    let desk = payments::open(&config.payments, &clients, &db)?;
    let health = Arc::new(Health::default());
    let reveals = launches::reveals(&db).await?;
    let mut house = House { clients, health: health.clone(), simulator: None, reveals };
    let assembled = first_assembly(&mut house, &config)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let address = listener.local_addr()?;
    let public_url = match config.public_url.trim_end_matches('/') {
        "" => format!("http://{address}"),
        url => url.to_owned(),
    };
    let door = Door {
        connections: config.limits.connections,
        header: Duration::from_millis(config.timeouts.client_header_ms),
        drain: Duration::from_millis(config.timeouts.drain_ms),
    };
    let keeper = keeper(&config)?;
    let RootKey { id, made } = root;
    let auth = Auth::new(hasher, id);
    let demo_key = house.simulator.is_some().then(|| demo_key(&auth));
    let current = current(assembled, config);
    announce(&current, address, made.as_ref(), demo_key.as_ref())?;
    let simulator = house.simulator.as_ref().filter(|_| current.config.demo);
    let handed_out = simulator.zip(demo_key.as_ref());
    let handed_out = handed_out.map(|(it, key)| HandedOut::new(shown(key), it.addr()));
    let app = App::new(db, auth, public_url, current, (health, keeper))?;
    let app = Arc::new(app.selling(desk).handing_out(handed_out));
    let looking = app
        .desk
        .clone()
        .map(|desk| tokio::spawn(payments::keep_looking(desk, Arc::new(SystemClock))));
    app.budgets.remember(store::budgets::list(&app.db, app.now()).await?);
    let clock = app.world.clock.clone();
    let keeping = tokio::spawn(housekeeping::keep_house(app.clone()));
    let budgets = tokio::spawn(budgets::keep_looking(app.budgets.clone(), app.db.clone(), clock));
    app.limits.tell().await;
    let watches = watches(&app);
    let following = census::Following::start(&app);
    let reloads = tokio::spawn(reload::keep_current(app.clone(), serve.clone(), house));
    let closing = told_to_stop()?;
    let router = routes::routes(app.clone());
    let quiet = listener::serve(listener, router, &door, closing).await;
    reloads.abort();
    budgets.abort();
    watches.iter().for_each(tokio::task::JoinHandle::abort);
    keeping.abort();
    following.end().await;
    if let Some(looking) = looking {
        looking.abort();
    }
    Ok(end(&app, quiet).await)
}

/// Makes whoever keeps count of what requests use: together with others, where a Redis is named.
fn keeper(config: &Config) -> Result<Arc<Keeper>, Trouble> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let url = &config.redis.url;
    let timeout = Duration::from_millis(config.redis.timeout_ms);
    let node = || hex(&random::<8>());
    let open = || Cluster::open(url, timeout, node(), clock.clone());
    let cluster = (!url.is_empty()).then(open).transpose()?;
    Ok(Arc::new(Keeper::new(clock, cluster)))
}

/// Starts what keeps limits, accepted terms, and the room for requests, up to date.
fn watches(app: &Arc<App>) -> [tokio::task::JoinHandle<()>; 4] {
    let Limits { in_flight, delay_max_ms, .. } = app.current().config.limits;
    [
        tokio::spawn(limits::keep_looking(app.clone())),
        tokio::spawn(limits::keep_in_touch(app.limits.clone())),
        tokio::spawn(acceptances::keep_looking(app.clone())),
        tokio::spawn(room::keep_watch(app.room.clone(), in_flight, delay_max_ms)),
    ]
}

fn announce(
    current: &Current,
    address: std::net::SocketAddr,
    root_key: Option<&Secret>,
    demo_key: Option<&Secret>,
) -> Result<(), Trouble> {
    let catalog = &current.snapshot.catalog;
    let callable =
        |place: &u32| !current.snapshot.callable(domain::catalog::ModelIx(*place)).is_empty();
    let count = u32::try_from(catalog.models().len()).unwrap_or(u32::MAX);
    let models: Vec<u32> = (0..count).filter(callable).collect();
    let first = models.first().map(|place| catalog.models()[*place as usize].id.as_str());
    let banner = Banner {
        address,
        providers: &current.providers,
        models: models.len(),
        first_model: first,
        root_key,
        demo_key,
    };
    writeln!(std::io::stdout(), "{}", banner.text())?;
    Ok(())
}

fn told_to_stop() -> Result<impl Future<Output = ()>, Trouble> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => (),
            _ = interrupted.recv() => (),
        }
        tracing::info!("closing: open answers are brought to their end");
    })
}

/// Waits for the tasks that outlive their callers, then for the database.
async fn end(app: &App, quiet: bool) -> ExitCode {
    app.world.tasks.close();
    let settled = tokio::time::timeout(Duration::from_secs(30), app.world.tasks.wait()).await;
    let meter = app.ledger.meter();
    let is_settled = app.ledger.close(Duration::from_secs(30)).await;
    app.db.close().await;
    if quiet && settled.is_ok() && is_settled {
        tracing::info!(requests = meter.requests, database.waits = meter.database_waits, "closed");
        return ExitCode::SUCCESS;
    }
    let open = app.ledger.figures().open;
    tracing::warn!(
        holds.open = open,
        "closed before everything was settled; the next start does it"
    );
    ExitCode::FAILURE
}
