//! Limits that several nodes share, in Redis.
//!
//! A limit is one string, `interline:{limits}:NAME`, that holds a [`Pool`]. A node reads it with
//! Redis' own time, changes it by the arithmetic that it uses in memory, and puts it back unless
//! another node was quicker, in which case it is told what stands there and tries again. The
//! braces keep all of them in one slot of a Redis cluster. Nothing of it has to survive: a limit
//! that is not there is taken to stand as the node last knew it.

use std::time::Duration;

use domain::limit::{Exchanged, Level, Pool, Rate, Told};
use domain::time::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, IntoConnectionInfo, RedisError, Script};

/// Limits that several nodes share.
pub struct Pools {
    connection: ConnectionManager,
    look: Script,
    swap: Script,
    greet: Script,
    timeout: Duration,
}

/// Why nothing could be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum PoolsError {
    /// Redis failed, or its address is none.
    #[error("Redis: {0}")]
    Redis(#[from] RedisError),
    /// It did not answer in time.
    #[error("Redis did not answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// Other nodes were quicker each time.
    #[error("other nodes changed the limit again and again")]
    Contended,
}

/// What was exchanged, and how the limit stood then by Redis' clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the node is told.
    pub told: Exchanged,
    /// What was used of the limit.
    pub level: Level,
}

const LOOK: &str = "
    local time = redis.call('TIME')
    return {redis.call('GET', KEYS[1]) or '', time[1], time[2]}";
const SWAP: &str = "
    local was = redis.call('GET', KEYS[1]) or ''
    if was == ARGV[1] then
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return {1, '', '0', '0'}
    end
    local time = redis.call('TIME')
    return {0, was, time[1], time[2]}";
const GREET: &str = "
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return redis.call('ZCARD', KEYS[1])";

const PREFIX: &str = "interline:{limits}:";
/// The sorted set of the nodes that were heard of, by when.
const NODES: &str = "interline:{limits}";
/// How long a node is counted after it was last heard of, in milliseconds.
const HEARD_MS: u64 = 10_000;
/// How often a change is tried again that another node overtook.
const TRIES_MAX: u32 = 16;
/// The longest that a limit is kept, in milliseconds.
const KEPT_MS_MAX: u64 = 40 * 86_400_000;

impl Pools {
    /// Prepares the connection, which comes about when it is first used. What takes longer than
    /// `timeout` has failed.
    ///
    /// # Errors
    /// When `url` is no address of a Redis: `redis://:password@host:6379/0`, or `unix:///path`.
    pub fn open(url: &str, timeout: Duration) -> Result<Pools, PoolsError> {
        let client = Client::open(url.into_connection_info()?)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout))
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client, config)?;
        let [look, swap, greet] = [LOOK, SWAP, GREET].map(Script::new);
        Ok(Pools { connection, look, swap, greet, timeout })
    }

    /// Tells of a node what it used of a limit, and gets what it wants of it. `known` is how the
    /// limit stood when the node last heard of it.
    ///
    /// # Errors
    /// When Redis fails or is late: it is not known then whether it was told.
    pub async fn exchange(
        &self,
        limit: (&str, Rate),
        told: Told<'_>,
        known: Level,
    ) -> Result<Exchange, PoolsError> {
        self.in_time(self.exchanged(limit, told, known)).await
    }

    /// Says that a node is there, and returns how many are.
    ///
    /// # Errors
    /// When Redis fails or is late.
    pub async fn greet(&self, node: &str) -> Result<u64, PoolsError> {
        let mut connection = self.connection.clone();
        let mut call = self.greet.key(NODES);
        call.arg(node).arg(HEARD_MS);
        let greeting = async { Ok(call.invoke_async(&mut connection).await?) };
        self.in_time(greeting).await
    }

    async fn exchanged(
        &self,
        (name, rate): (&str, Rate),
        told: Told<'_>,
        known: Level,
    ) -> Result<Exchange, PoolsError> {
        let mut connection = self.connection.clone();
        let key = format!("{PREFIX}{name}");
        let (mut text, mut time): (String, [i64; 2]) = {
            let (text, seconds, micros): (String, i64, i64) =
                self.look.key(&key).invoke_async(&mut connection).await?;
            (text, [seconds, micros])
        };
        for _ in 0..TRIES_MAX {
            let now =
                Timestamp::from_ms(time[0].saturating_mul(1_000).saturating_add(time[1] / 1_000));
            let mut pool = Pool::parse(&text).unwrap_or_else(|| Pool::of(known));
            let exchanged = pool.exchange(rate, told, now);
            let kept_ms = pool.expires_in_ms(rate).min(KEPT_MS_MAX);
            let mut call = self.swap.key(&key);
            call.arg(&text).arg(pool.to_string()).arg(kept_ms);
            let (swapped, found, seconds, micros): (i64, String, i64, i64) =
                call.invoke_async(&mut connection).await?;
            if swapped == 1 {
                return Ok(Exchange { told: exchanged, level: pool.level() });
            }
            (text, time) = (found, [seconds, micros]);
        }
        Err(PoolsError::Contended)
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, PoolsError>>,
    ) -> Result<T, PoolsError> {
        let late = |_| PoolsError::Late(self.timeout);
        tokio::time::timeout(self.timeout, work).await.map_err(late)?
    }
}
