//! Keeps count of what requests use: in the memory of this process, or of several that share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::failure::Failure;
use domain::limit::{
    Asked, Bucket, FreeTier, Hold, Limits, Measure, Permit, Rate, Reached, Refused, Rules,
    Standing, Used,
};
use domain::money::Money;
use domain::port::{Clock, Waiting};
use domain::time::Timestamp;
use futures_util::{StreamExt, stream};

use super::cluster::{self, Cluster};
use super::counter::Counter;
use super::figures::Figures;

/// Keeps count of what requests use.
pub struct Keeper {
    clock: Arc<dyn Clock>,
    /// With whom limits are shared, where they are.
    cluster: Option<Arc<Cluster>>,
    counters: RwLock<HashMap<Bucket, Known>>,
    /// What was ever paid into the account, in nano-dollars.
    paid_nanos: AtomicI64,
    figures: Figures,
}

struct Known {
    counter: Arc<Counter>,
    /// The limit as it was when it was last looked for.
    rate: Rate,
}

/// How many limits are told of at one time.
const TOLD_AT_ONCE: usize = 256;
/// Limits above which those are forgotten that say nothing any more.
const KNOWN_MAX: usize = 100_000;

impl Keeper {
    /// Starts to count; together with others, where there is a cluster.
    pub fn new(clock: Arc<dyn Clock>, cluster: Option<Cluster>) -> Keeper {
        Keeper {
            clock,
            cluster: cluster.map(Arc::new),
            counters: RwLock::default(),
            paid_nanos: AtomicI64::new(0),
            figures: Figures::default(),
        }
    }

    /// Takes note of what was ever paid into the account.
    pub fn paid(&self, paid: Money) {
        self.paid_nanos.store(paid.nanos(), Ordering::Relaxed);
    }

    /// Returns how much of what costs nothing the account may use.
    pub fn tier(&self, rules: &Rules) -> Option<FreeTier> {
        let paid = Money::from_nanos(self.paid_nanos.load(Ordering::Relaxed));
        rules.free.as_ref().map(|free| free.tier(paid))
    }

    /// Returns with whom limits are shared, where they are.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_deref()
    }

    /// Says that this process is there, and tells the others what it used of every limit.
    pub async fn tell(&self) {
        let Some(cluster) = &self.cluster else { return };
        cluster.greet().await;
        let known: Vec<(Arc<Counter>, Rate)> = {
            let all = self.counters.read().unwrap_or_else(PoisonError::into_inner);
            let news = all.values().filter(|it| it.counter.has_news());
            news.map(|it| (it.counter.clone(), it.rate)).collect()
        };
        // One connection takes them all, and answers in order: together they take one round trip.
        let tell = async |(counter, rate): (Arc<Counter>, Rate)| {
            if let Some(shared) = counter.as_shared() {
                cluster.tell(shared, rate).await;
            }
        };
        stream::iter(known).for_each_concurrent(TOLD_AT_ONCE, tell).await;
    }

    /// Returns what became of requests that have limits.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Returns how limits stand, without counting anything.
    pub fn standings(&self, limits: &[(Bucket, Rate)]) -> Vec<Standing> {
        let now = self.clock.now();
        let known = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        let standing = |(bucket, rate): &(Bucket, Rate)| {
            let found = known.get(bucket).map(|known| known.counter.standing(*rate, now));
            found.unwrap_or(Standing { rate: *rate, remaining: rate.limit, reset_ms: 0 })
        };
        limits.iter().map(standing).collect()
    }

    async fn count(&self, asked: Asked<'_>) -> Result<Option<Box<dyn Permit>>, Failure> {
        let tier = self.tier(asked.rules).filter(|_| asked.is_free);
        let limits = asked.rules.of(asked.key, asked.account, tier.as_ref());
        if limits.is_empty() {
            return Ok(None);
        }
        let nodes = self.cluster.as_ref().map_or(1, |cluster| cluster.nodes());
        let now = self.clock.now();
        let mut counted = Counted::new(self.clock.clone(), limits.len());
        for (bucket, rate) in limits {
            let amount = amount(&asked, rate.share(nodes));
            let counter = self.counter(&bucket, rate, now);
            match self.hold(&counter, rate, amount).await {
                Ok(standing) => counted.add(Part { counter, rate, held: amount }, standing),
                Err(refused) => {
                    self.figures.refuse(&bucket.scope, bucket.measure);
                    return Err(Failure::limited(Reached { bucket, refused, at: now }));
                }
            }
        }
        counted.let_in();
        self.figures.count();
        Ok(Some(Box::new(counted)))
    }

    /// Holds `amount` of a limit; one that is shared may first have to ask the others.
    async fn hold(
        &self,
        counter: &Arc<Counter>,
        rate: Rate,
        amount: u64,
    ) -> Result<Standing, Refused> {
        let chunk = self.cluster.as_ref().map_or(0, |cluster| cluster.chunk(rate));
        for _ in 0..LOOKS_MAX {
            match (counter.hold(rate, amount, chunk, &*self.clock), &self.cluster) {
                (Hold::Held { standing, is_low }, cluster) => {
                    if let (true, Some(cluster)) = (is_low, cluster) {
                        cluster::fetch_ahead(cluster, counter, rate);
                    }
                    return Ok(standing);
                }
                (Hold::Refused(refused), _) => return Err(refused),
                (Hold::Short(_), Some(cluster)) => {
                    cluster::fetch(cluster, counter, rate, amount).await;
                }
                (Hold::Short(_), None) => break,
            }
        }
        // Others were quicker each time.
        let standing = counter.standing(rate, self.clock.now());
        Err(Refused { standing, retry_after_ms: Some(1_000) })
    }

    fn new_counter(&self, bucket: &Bucket) -> Counter {
        match self.cluster {
            Some(_) => Counter::shared(bucket.to_string()),
            None => Counter::own(),
        }
    }

    fn counter(&self, bucket: &Bucket, rate: Rate, now: Timestamp) -> Arc<Counter> {
        let known = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(bucket).filter(|known| known.rate == rate) {
            return known.counter.clone();
        }
        drop(known);
        let mut all = self.counters.write().unwrap_or_else(PoisonError::into_inner);
        if KNOWN_MAX <= all.len() {
            all.retain(|_, known| {
                1 < Arc::strong_count(&known.counter) || !known.counter.is_empty(known.rate, now)
            });
        }
        let known = all
            .entry(bucket.clone())
            .or_insert_with(|| Known { counter: Arc::new(self.new_counter(bucket)), rate });
        known.rate = rate;
        known.counter.clone()
    }
}

impl Limits for Keeper {
    fn admit<'a>(
        &'a self,
        asked: Asked<'a>,
    ) -> Waiting<'a, Result<Option<Box<dyn Permit>>, Failure>> {
        Box::pin(self.count(asked))
    }
}

/// How often a request looks for what it needs where others take it away.
const LOOKS_MAX: u32 = 3;

/// Returns how much of a limit a request will use; never more than all of it, or than the share of
/// a node: that is there however the others fare.
fn amount(asked: &Asked<'_>, rate: Rate) -> u64 {
    let amount = match rate.measure {
        Measure::Requests => 1,
        Measure::Tokens => asked.tokens,
        Measure::Spend => asked.spend.nanos().max(0).unsigned_abs(),
    };
    amount.min(rate.limit)
}

/// A request that was counted.
struct Counted {
    clock: Arc<dyn Clock>,
    parts: Vec<Part>,
    standings: Vec<Standing>,
}

/// What a request holds of one limit.
struct Part {
    counter: Arc<Counter>,
    rate: Rate,
    held: u64,
}

impl Counted {
    fn new(clock: Arc<dyn Clock>, limits: usize) -> Counted {
        let (parts, standings) = (Vec::with_capacity(limits), Vec::with_capacity(limits));
        Counted { clock, parts, standings }
    }

    fn add(&mut self, part: Part, standing: Standing) {
        self.parts.push(part);
        self.standings.push(standing);
    }

    /// Every limit allows it: the request itself is used from now on, whatever becomes of it.
    fn let_in(&mut self) {
        let parts = std::mem::take(&mut self.parts);
        let (requests, rest): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| part.rate.measure == Measure::Requests);
        for part in requests {
            part.counter.settle(part.rate, part.held, part.held, &*self.clock);
        }
        self.parts = rest;
    }

    fn end(&mut self, used: Used) {
        for Part { counter, rate, held } in self.parts.drain(..) {
            let used = match rate.measure {
                // Only one that was not let in still holds itself.
                Measure::Requests => 0,
                Measure::Tokens => used.tokens,
                Measure::Spend => used.spend.nanos().max(0).unsigned_abs(),
            };
            counter.settle(rate, held, used, &*self.clock);
        }
    }
}

impl Permit for Counted {
    fn standings(&self) -> &[Standing] {
        &self.standings
    }

    fn settle(mut self: Box<Self>, used: Used) {
        self.end(used);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.end(Used::default());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use domain::id::{AccountId, KeyId};
    use domain::key::ApiKey;
    use domain::limit::{FreeRules, Interval};
    use futures_util::FutureExt;

    use super::*;

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_ms(1_787_000_000_000 + self.0.load(Ordering::Relaxed))
        }
    }

    const MINUTE: Interval = Interval::Rolling(60_000);

    fn rate(measure: Measure, limit: u64) -> Rate {
        Rate { measure, limit, interval: MINUTE }
    }

    fn key(id: &str) -> ApiKey {
        ApiKey {
            id: KeyId::new(id),
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

    fn ask(
        keeper: &Keeper,
        rules: &Rules,
        id: &str,
        tokens: u64,
    ) -> Result<Box<dyn Permit>, Failure> {
        let (key, account) = (key(id), AccountId::default());
        let spend = Money::ZERO;
        let asked = Asked { rules, key: &key, account: &account, tokens, spend, is_free: true };
        let counted = keeper.count(asked).now_or_never().expect("one that is alone never waits");
        counted.map(|permit| permit.expect("a limit"))
    }

    #[test]
    fn what_one_limit_refuses_touches_no_other() {
        let rules = Rules {
            key: vec![rate(Measure::Requests, 10), rate(Measure::Tokens, 100)],
            account: vec![rate(Measure::Tokens, 150)],
            free: None,
        };
        let keeper = Keeper::new(Arc::new(Hand::default()), None);
        let first = ask(&keeper, &rules, "a", 100).unwrap();
        let refused = ask(&keeper, &rules, "b", 60).map(|_| ()).unwrap_err();
        assert_eq!(refused.limit.unwrap().source(), "account_tokens");
        // The refused one counts neither as a request nor for its tokens.
        let second = ask(&keeper, &rules, "b", 50).unwrap();
        let left: Vec<u64> = second.standings().iter().map(|it| it.remaining).collect();
        assert_eq!(left, [9, 50, 0]);
        first.settle(Used { tokens: 10, spend: Money::ZERO });
        drop(second);
        let third = ask(&keeper, &rules, "b", 1).unwrap();
        let left: Vec<u64> = third.standings().iter().map(|it| it.remaining).collect();
        assert_eq!(left, [8, 99, 139]);
        assert_eq!(keeper.figures().counted(), 3);
        let refusals = keeper.figures().refusals();
        assert_eq!(refusals.iter().map(|it| it.count).sum::<u64>(), 1);
    }

    #[test]
    fn what_costs_nothing_is_counted_over_all_keys_and_more_for_who_has_paid() {
        let ten = Money::from_nanos(10_000_000_000);
        let free = FreeRules { per_minute: 100, per_day: 2, per_day_paid: 3, paid_min: ten };
        let rules = Rules { free: Some(free), ..Rules::default() };
        let keeper = Keeper::new(Arc::new(Hand::default()), None);
        ask(&keeper, &rules, "a", 1).unwrap();
        ask(&keeper, &rules, "b", 1).unwrap();
        let refused = ask(&keeper, &rules, "c", 1).map(|_| ()).unwrap_err();
        assert!(refused.detail.contains("free-models-per-day"), "{}", refused.detail);
        keeper.paid(ten);
        ask(&keeper, &rules, "c", 1).unwrap();
        assert!(ask(&keeper, &rules, "a", 1).is_err());
    }

    #[test]
    fn a_request_larger_than_the_whole_limit_is_served_once_it_is_empty() {
        let rules = Rules { key: vec![rate(Measure::Tokens, 100)], ..Rules::default() };
        let hand = Arc::new(Hand::default());
        let keeper = Keeper::new(hand.clone(), None);
        ask(&keeper, &rules, "a", 5_000).unwrap().settle(Used { tokens: 200, spend: Money::ZERO });
        // Twice the limit was used, so it takes two intervals.
        let refused = ask(&keeper, &rules, "a", 5_000).map(|_| ()).unwrap_err();
        assert_eq!(refused.retry_after_ms, Some(120_000));
        hand.0.store(120_000, Ordering::Relaxed);
        assert!(ask(&keeper, &rules, "a", 5_000).is_ok());
    }
}
