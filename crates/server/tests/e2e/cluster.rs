//! Limits that several nodes share over a Redis of the test's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use domain::id::{AccountId, KeyId};
use domain::key::ApiKey;
use domain::limit::{Asked, Interval, Limits, Measure, Rate, Rules};
use domain::money::Money;
use domain::secret::Secret;
use domain::time::Timestamp;
use interline::clock::SystemClock;
use interline::limits::{Cluster, Keeper, keep_in_touch};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::stand::{Offer, Stand};

/// Longer than Redis takes on the busiest machine: what is tested here is not how fast it is.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A Redis on a socket in a folder of its own. It ends with the test.
struct Redis {
    child: Child,
    folder: PathBuf,
}

impl Redis {
    async fn start() -> Redis {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("interline-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let child = spawn(&folder);
        let redis = Redis { child, folder };
        redis.ready().await;
        redis
    }

    fn url(&self) -> String {
        format!("unix://{}", self.folder.join("socket").display())
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let _ = std::fs::remove_file(self.folder.join("socket"));
    }

    /// Starts another one at the same place, that knows nothing.
    async fn revive(&mut self) {
        self.child = spawn(&self.folder);
        self.ready().await;
    }

    async fn ready(&self) {
        for _ in 0..600 {
            let socket = self.folder.join("socket");
            if tokio::net::UnixStream::connect(socket).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(folder.join("socket"))
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed: `cargo xtask test --only tools`")
}

/// A node that keeps in touch with the others.
struct Node {
    keeper: Arc<Keeper>,
    touch: JoinHandle<()>,
}

impl Node {
    async fn start(redis: &Redis, name: &str) -> Node {
        let clock = Arc::new(SystemClock);
        let cluster =
            Cluster::open(&Secret::new(redis.url()), TIMEOUT, name.to_owned(), clock.clone());
        let keeper = Arc::new(Keeper::new(clock, Some(cluster.unwrap())));
        keeper.tell().await;
        let touch = tokio::spawn(keep_in_touch(keeper.clone()));
        Node { keeper, touch }
    }

    async fn three(redis: &Redis) -> Vec<Node> {
        let mut nodes = Vec::new();
        for name in ["a", "b", "c"] {
            nodes.push(Node::start(redis, name).await);
        }
        let all_know = || nodes.iter().all(|it| it.keeper.cluster().unwrap().nodes() == 3);
        until("the nodes know of each other", all_know).await;
        nodes
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.touch.abort();
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come about that {what}");
}

fn rules(limit: u64, ms: u64) -> Rules {
    let interval = Interval::Rolling(ms);
    let rate = Rate { measure: Measure::Requests, limit, interval };
    Rules { account: vec![rate], ..Rules::default() }
}

fn key() -> ApiKey {
    ApiKey {
        id: KeyId::new("k"),
        name: String::new(),
        label: String::new(),
        limit: None,
        limit_reset: None,
        disabled: false,
        expires: None,
        created: Timestamp::default(),
        updated: None,
        rates: None,
    }
}

async fn is_let_in(keeper: &Keeper, rules: &Rules) -> bool {
    let (key, account) = (key(), AccountId::default());
    let spend = Money::ZERO;
    let asked = Asked { rules, key: &key, account: &account, tokens: 0, spend, is_free: false };
    keeper.admit(asked).await.is_ok()
}

/// Has every node asked far more often than the limit allows, and returns how many were let in.
async fn overload(nodes: &[Node], rules: &Rules, until: Instant) -> u64 {
    let count = Arc::new(AtomicU64::new(0));
    let mut asking = Vec::new();
    for node in nodes.iter().flat_map(|node| [node, node, node, node]) {
        let (keeper, count, rules) = (node.keeper.clone(), count.clone(), rules.clone());
        asking.push(tokio::spawn(async move {
            while Instant::now() < until {
                if is_let_in(&keeper, &rules).await {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                sleep(Duration::from_millis(1)).await;
            }
        }));
    }
    futures_util::future::join_all(asking).await;
    count.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_together_stay_within_five_percent_of_the_limit() {
    let redis = Redis::start().await;
    let nodes = Node::three(&redis).await;
    let rules = rules(400, 2_000);
    let begun = Instant::now();
    let let_in = overload(&nodes, &rules, begun + Duration::from_secs(10)).await;
    // What was saved up, and then two hundred a second.
    let expected = 400.0 + 200.0 * begun.elapsed().as_secs_f64();
    let share = let_in as f64 / expected;
    eprintln!("{let_in} were let in where {expected:.0} may be: {:.1} %", share * 100.0);
    assert!((0.95..=1.05).contains(&share), "{let_in} of {expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_when_redis_is_killed_and_none_too_many_is_let_in() {
    let mut redis = Redis::start().await;
    let nodes = Node::three(&redis).await;
    // Each node is asked for less than its share of the limit.
    let modest = rules(3_000, 10_000);
    let serves = async |steps: u32| {
        for step in 0..steps {
            let node = &nodes[step as usize % 3];
            assert!(is_let_in(&node.keeper, &modest).await, "{step}");
            sleep(Duration::from_millis(2)).await;
        }
    };
    serves(300).await;
    redis.kill();
    serves(600).await;
    assert!(nodes.iter().any(|node| !node.keeper.cluster().unwrap().is_up()));
    // Without Redis each node goes by its part, so that together they still keep to the limit.
    let other = Rules { key: rules(300, 60_000).account, ..Rules::default() };
    let let_in = overload(&nodes, &other, Instant::now() + Duration::from_secs(2)).await;
    assert!((285..=330).contains(&let_in), "{let_in}");
    redis.revive().await;
    let shares_again = || nodes.iter().all(|node| node.keeper.cluster().unwrap().is_up());
    until("limits are shared again", shares_again).await;
    serves(300).await;
    // What was used meanwhile has been told, so nothing is given twice.
    sleep(Duration::from_millis(1_200)).await;
    let let_in = overload(&nodes, &other, Instant::now() + Duration::from_secs(2)).await;
    assert!(let_in <= 60, "{let_in}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_share_the_limit_of_an_account() {
    let mut redis = Redis::start().await;
    let settings = format!(
        "[limits]\naccount = [{{ requests = 90, interval = '1h' }}]\n\
         [redis]\nurl = '{}'\ntimeout_ms = 5000\n",
        redis.url()
    );
    let mut stands = Vec::new();
    for _ in 0..3 {
        stands.push(Stand::set(&[Offer::of("plain", "x/m", "1")], &settings).await);
    }
    let body = json!({ "model": "x/m", "messages": [{ "role": "user", "content": "hi" }] });
    // Every node is heard of twice a second.
    sleep(Duration::from_secs(2)).await;
    for step in 0..40 {
        if step == 20 {
            redis.kill();
        }
        let answer = stands[step % 3].caller.chat(&body).await;
        assert_eq!(answer.status, 200, "{step}: {}", answer.text);
    }
    redis.revive().await;
    sleep(Duration::from_secs(2)).await;
    let mut served = 40;
    for step in 0..120 {
        let answer = stands[step % 3].caller.chat(&body).await;
        assert!(matches!(answer.status, 200 | 429), "{}", answer.text);
        served += u32::from(answer.status == 200);
    }
    assert!((80..=95).contains(&served), "{served} of 90");
    let operator = stands[0].operator.at(stands[0].front().base().to_owned());
    let metrics = operator.get("/metrics").await.text;
    assert!(metrics.contains("\ninterline_limits_nodes 3\n"), "{metrics}");
    assert!(metrics.contains("\ninterline_limits_shared 1\n"), "{metrics}");
}
