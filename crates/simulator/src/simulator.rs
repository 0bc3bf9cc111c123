//! The simulator as a program holds it.
use crate::connection::serve;
use crate::places::base_url;
use crate::record::{Counters, RecordedRequest};
use crate::script::Script;
use crate::world::World;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

/// What a simulator is started with.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// Where to listen. The default is any free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// Whether to remember requests. Benchmarks leave it off; counters count in any case.
    pub record: bool,
    /// Threads that serve. The default is one.
    pub threads: usize,
}

/// Many simulated providers on one port, served by threads of their own.
///
/// It lives until it is shut down or dropped, whatever runtime its owner uses, or none.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    addr: SocketAddr,
    runtime: Mutex<Option<Runtime>>,
}

impl Default for SimulatorOptions {
    fn default() -> SimulatorOptions {
        SimulatorOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            record: true,
            threads: 1,
        }
    }
}

/// How long a shutdown waits for connections to be dropped.
const SHUTDOWN: Duration = Duration::from_secs(2);

impl Simulator {
    /// Starts to listen and serve.
    ///
    /// # Errors
    /// When the address cannot be bound or no thread can be started.
    pub fn start(options: SimulatorOptions) -> io::Result<Simulator> {
        let listener = TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("simulator")
            .enable_all()
            .build()?;
        let world = Arc::new(World::new(options.record));
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, world.clone()));
        Ok(Simulator { world, addr, runtime: Mutex::new(Some(runtime)) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a client of `provider` takes for the base URL: it ends in `/v1`.
    pub fn base_url(&self, provider: &str) -> String {
        base_url(self.addr, provider)
    }

    /// Sets how `provider` answers from now on; its faults count from here.
    ///
    /// # Panics
    /// When a value of the script is out of bounds, or `provider` is no name: 1 to 100 bytes that
    /// do not begin with `_`.
    pub fn script(&self, provider: &str, script: Script) {
        if let Err(error) = script.check() {
            panic!("the script of `{provider}`: {error}");
        }
        let provider = self.world.provider(provider).expect("a provider's name begins without `_`");
        provider.set_script(script, &self.world.clock);
    }

    /// The last 1,000 requests to `provider`, the oldest first.
    pub fn requests(&self, provider: &str) -> Vec<RecordedRequest> {
        self.world.known_provider(provider).map(|known| known.requests()).unwrap_or_default()
    }

    /// Requests for generations that `provider` got since the start or its last reset.
    pub fn attempts(&self, provider: &str) -> u64 {
        self.counters(provider).attempts
    }

    /// How the requests to `provider` went.
    pub fn counters(&self, provider: &str) -> Counters {
        self.world.known_provider(provider).map(|known| known.counters()).unwrap_or_default()
    }

    /// Gives `provider` the default script, and forgets its requests and counts.
    pub fn reset(&self, provider: &str) {
        if let Some(known) = self.world.known_provider(provider) {
            known.reset(&self.world.clock);
        }
    }

    /// Runs `task` on the simulator's threads, until it is shut down.
    #[cfg(feature = "tls")]
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime =
            runtime.as_ref().ok_or_else(|| io::Error::other("the simulator is shut down"))?;
        runtime.spawn(task);
        Ok(())
    }

    /// Closes the port and every connection, and returns when that is done. Safe to repeat.
    pub fn shutdown(&self) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            // A runtime refuses to be waited for inside another one; a thread is outside of all.
            let closer = std::thread::spawn(move || runtime.shutdown_timeout(SHUTDOWN));
            let _ = closer.join();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, world: Arc<World>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, world.clone()));
            }
            // Out of file descriptors, most likely: some connection has to end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
