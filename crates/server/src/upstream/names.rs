//! Names of hosts, resolved within bounds: a resolver that is slow or away for a moment is bridged
//! by what it said a moment ago.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tokio::time::{Instant, timeout};
use tower_service::Service;

/// How long a resolver may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer stands in for one that does not come.
const BRIDGED: Duration = Duration::from_secs(60);
/// Names that are remembered: callers' media may be anywhere.
const NAMES_MAX: usize = 1_024;

/// Resolves names by `R`, which is the operating system except in tests.
#[derive(Clone)]
pub(super) struct Names<R = GaiResolver> {
    inner: R,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

struct Known {
    addresses: Vec<SocketAddr>,
    at: Instant,
}

impl Names {
    /// Resolves by the operating system.
    pub(super) fn new() -> Names {
        Names::by(GaiResolver::new())
    }
}

impl<R> Names<R> {
    fn by(inner: R) -> Names<R> {
        Names { inner, known: Arc::default() }
    }
}

impl<R> Service<Name> for Names<R>
where
    R: Service<Name, Error = io::Error>,
    R::Response: Iterator<Item = SocketAddr> + Send,
    R::Future: Send + 'static,
{
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        let resolving = self.inner.call(name);
        let known = self.known.clone();
        Box::pin(async move {
            let failure = match timeout(PATIENCE, resolving).await {
                Ok(Ok(found)) => {
                    let addresses: Vec<SocketAddr> = found.collect();
                    keep(&known, host, &addresses);
                    return Ok(addresses.into_iter());
                }
                Ok(Err(failure)) => failure,
                Err(_) => io::Error::new(io::ErrorKind::TimedOut, "the resolver does not answer"),
            };
            let known = lock(&known);
            let bridge = known.get(&host).filter(|known| known.at.elapsed() < BRIDGED);
            bridge.map(|known| known.addresses.clone().into_iter()).ok_or(failure)
        })
    }
}

fn keep(known: &Mutex<HashMap<String, Known>>, host: String, addresses: &[SocketAddr]) {
    let mut known = lock(known);
    if NAMES_MAX <= known.len() && !known.contains_key(&host) {
        known.retain(|_, it| it.at.elapsed() < BRIDGED);
    }
    if known.len() < NAMES_MAX || known.contains_key(&host) {
        known.insert(host, Known { addresses: addresses.to_vec(), at: Instant::now() });
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a resolver does, time after time.
    #[derive(Clone, Copy)]
    enum Mood {
        Answers,
        Fails,
        Silent,
    }

    #[derive(Clone)]
    struct Moody(Arc<Mutex<Mood>>);

    impl Service<Name> for Moody {
        type Response = vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let mood = *lock(&self.0);
            Box::pin(async move {
                match mood {
                    Mood::Answers => Ok(vec![SocketAddr::from(([10, 0, 0, 1], 0))].into_iter()),
                    Mood::Fails => Err(io::Error::other("SERVFAIL")),
                    Mood::Silent => std::future::pending().await,
                }
            })
        }
    }

    async fn asked(names: &mut Names<Moody>, mood: Mood) -> Result<usize, io::ErrorKind> {
        *lock(&names.inner.0) = mood;
        let name: Name = "a.example".parse().unwrap();
        names.call(name).await.map(Iterator::count).map_err(|error| error.kind())
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_is_away_is_bridged_for_a_minute() {
        let mut names = Names::by(Moody(Arc::new(Mutex::new(Mood::Answers))));
        assert_eq!(asked(&mut names, Mood::Fails).await, Err(io::ErrorKind::Other));
        assert_eq!(asked(&mut names, Mood::Silent).await, Err(io::ErrorKind::TimedOut));
        assert_eq!(asked(&mut names, Mood::Answers).await, Ok(1));
        assert_eq!(asked(&mut names, Mood::Fails).await, Ok(1));
        assert_eq!(asked(&mut names, Mood::Silent).await, Ok(1));
        tokio::time::advance(BRIDGED).await;
        assert_eq!(asked(&mut names, Mood::Fails).await, Err(io::ErrorKind::Other));
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_names_are_remembered() {
        let known = Mutex::default();
        let address = [SocketAddr::from(([10, 0, 0, 1], 0))];
        for number in 0..2 * NAMES_MAX {
            keep(&known, format!("{number}.example"), &address);
        }
        assert_eq!(lock(&known).len(), NAMES_MAX);
        tokio::time::advance(BRIDGED).await;
        keep(&known, "new.example".to_owned(), &address);
        assert_eq!(lock(&known).len(), 1);
    }
}
