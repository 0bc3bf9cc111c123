//! All that is remembered of one endpoint, and what follows from it.

use std::collections::BTreeMap;

use super::blame::{Blame, Cause};
use super::breaker::{Admission, Breaker};
use super::budget::Budget;
use super::counts::{Counts, Tally};
use super::lane::{Lane, Quota};
use super::pace::{Pace, PromptSize};
use super::sketch::Sketch;
use super::view::{EndpointHealth, Gate, Load, Percentiles};
use crate::time::Timestamp;

/// How long an endpoint is left alone that no longer knows its model.
const GONE_MS: i64 = 300_000;
/// How long a credential is not shown for a model that it may not use.
const FORBIDDEN_MS: i64 = 300_000;
/// Between two tries of an endpoint that is closed, where nothing else is left.
const LAST_RESORT_MS: u64 = 2_000;

/// All that is remembered of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointState {
    breaker: Breaker,
    pace: Pace,
    /// By credential.
    lanes: BTreeMap<u64, Lane>,
    under_way: BTreeMap<u64, UnderWay>,
    tickets: u64,
    is_outlier: bool,
    gone_until: Timestamp,
    last_began: Timestamp,
    retries: Budget,
    crowding: Budget,
    hedges: Budget,
    /// Made with the first answer: most endpoints of a catalog are never asked.
    past: Option<Box<Past>>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    began: Timestamp,
    lane: u64,
    on_trial: bool,
}

#[derive(Clone, Debug)]
struct Past {
    minutes: Counts<30>,
    day: Counts<288>,
    latency: Sketch,
    throughput: Sketch,
    served: u64,
    failed: u64,
    limited: u64,
    /// What planning reads, made anew each second.
    five_minutes: Option<(i64, [Option<Percentiles>; 2])>,
}

/// How a request at an endpoint went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was answered.
    Served {
        /// With so many tokens; none where nobody counted.
        output_tokens: Option<u32>,
    },
    /// It was not.
    Failed {
        /// What that says about the endpoint.
        blame: Blame,
        /// Whose request it was.
        cause: Cause,
    },
    /// Nobody waited for the end.
    GivenUp,
}

/// What is shown of an endpoint: shares in hundredths of a percent, none where too little is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name in OpenRouter's API")]
pub struct Figures {
    pub uptime_last_5m: Option<u32>,
    pub uptime_last_30m: Option<u32>,
    pub uptime_last_1d: Option<u32>,
    pub latency_last_30m: Option<Percentiles>,
    pub throughput_last_30m: Option<Percentiles>,
    /// Answers and failures of the last day.
    pub last_1d: Tally,
    /// Answers, since the process began.
    pub served: u64,
    /// Failures that were the provider's, since the process began.
    pub failed: u64,
    /// Refusals for too many requests, since the process began.
    pub limited: u64,
}

impl Default for EndpointState {
    fn default() -> EndpointState {
        EndpointState {
            breaker: Breaker::default(),
            pace: Pace::default(),
            lanes: BTreeMap::new(),
            under_way: BTreeMap::new(),
            tickets: 0,
            is_outlier: false,
            gone_until: Timestamp::default(),
            last_began: Timestamp::default(),
            retries: Budget::new(10, 1),
            crowding: Budget::new(20, 10),
            hedges: Budget::new(5, 0),
            past: None,
        }
    }
}

impl EndpointState {
    /// Returns how it fares for a prompt of that size. `credentials`: those that may be shown.
    pub fn view(
        &mut self,
        now: Timestamp,
        size: PromptSize,
        credentials: &[u64],
    ) -> EndpointHealth {
        let mut gate = self.breaker.gate(now);
        if now < self.gone_until {
            gate = Gate::Held { until: self.gone_until };
        }
        if let (Gate::Open | Gate::Slow { .. } | Gate::Trial, Some(until)) =
            (gate, self.lanes_closed_until(credentials, now))
        {
            gate = Gate::Held { until };
        }
        let is_slow = self.pace.is_slow(now);
        let [latency_ms, throughput] = self.five_minutes(now);
        EndpointHealth {
            gate,
            had_outage_lately: !gate.is_open() || self.breaker.had_outage_lately(now),
            is_demoted: is_slow || self.is_outlier,
            latency_ms,
            throughput,
            load: Load {
                first_token_ms: self.pace.first_token_ms(size, now),
                tokens_per_second: self.pace.tokens_per_second(),
                in_flight: self.under_way.len() as u32,
            },
        }
    }

    /// Lets a request in, or not.
    pub fn admit(&mut self, now: Timestamp) -> Admission {
        self.breaker.admit(now)
    }

    /// Returns until when it is left alone because it no longer knows its model.
    pub fn gone_until(&self, now: Timestamp) -> Option<Timestamp> {
        (now < self.gone_until).then_some(self.gone_until)
    }

    /// Returns whether a request may go there although it is closed, because nothing else is left:
    /// one at a time, and one in two seconds.
    pub fn is_last_resort(&self, now: Timestamp) -> bool {
        let is_idle = self.under_way.is_empty() && LAST_RESORT_MS <= now.ms_since(self.last_began);
        is_idle && self.breaker.is_last_resort(now)
    }

    /// Returns whether a request may be sent there a second time: one in ten, and one a second.
    pub fn may_retry(&mut self, now: Timestamp) -> bool {
        self.retries.spend(now)
    }

    /// Returns within how many milliseconds 95 in a hundred first tokens came over the last five
    /// minutes, where that is known.
    pub fn usual_wait_ms(&self, now: Timestamp) -> Option<u32> {
        self.past.as_ref()?.latency.percentile(now, 5, 95)
    }

    /// Returns whether another endpoint may be asked beside this one: for one request in twenty.
    pub fn may_hedge(&mut self, now: Timestamp) -> bool {
        self.hedges.spend(now)
    }

    /// Returns whether a request that failed elsewhere may come here. Always, unless nearly all the
    /// room is taken: then one for five of its own, and ten a second.
    pub fn may_take_over(&mut self, now: Timestamp) -> bool {
        let (room, busy) = self.lanes.values().fold((Some(0), 0), |(room, busy), lane| {
            let room = room.and_then(|sum: u32| Some(sum + lane.room()?));
            (room, busy + lane.in_flight())
        });
        let is_crowded = room.is_some_and(|room| room * 8 < busy * 10);
        !is_crowded || self.crowding.spend(now)
    }

    /// Returns whether a credential may ask for so many tokens, and until when not.
    pub fn lane_closed_until(
        &self,
        credential: u64,
        tokens: u64,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.lanes.get(&credential).and_then(|lane| lane.closed_until(tokens, now))
    }

    /// Returns the requests of a credential that are under way.
    pub fn lane_in_flight(&self, credential: u64) -> u32 {
        self.lanes.get(&credential).map_or(0, Lane::in_flight)
    }

    /// Returns how busy a credential is: its requests under way, and all of them so far.
    pub fn lane_busy(&self, credential: u64) -> (u32, u64) {
        self.lanes.get(&credential).map_or((0, 0), |lane| (lane.in_flight(), lane.begun()))
    }

    /// Takes note of a request that sets out. Returns the ticket by which it is told of again.
    pub fn begin(
        &mut self,
        now: Timestamp,
        size: PromptSize,
        (credential, tokens): (u64, u64),
        on_trial: bool,
    ) -> u64 {
        self.tickets += 1;
        self.last_began = now;
        self.retries.earn(now);
        self.crowding.earn(now);
        self.hedges.earn(now);
        self.lanes.entry(credential).or_default().begin(tokens);
        self.pace.begin(self.tickets, size, now);
        let under_way = UnderWay { began: now, lane: credential, on_trial };
        self.under_way.insert(self.tickets, under_way);
        self.tickets
    }

    /// Takes note of what the provider's headers said of a credential's limits.
    pub fn learn(&mut self, ticket: u64, quota: Quota, now: Timestamp) {
        if let Some(lane) = self.lane_of(ticket) {
            lane.learn(quota, now);
        }
    }

    /// Takes note of a request's first content.
    pub fn first_content(&mut self, ticket: u64, now: Timestamp) {
        let Some(under_way) = self.under_way.get(&ticket) else { return };
        self.breaker.answered(under_way.began, now);
        if let Some(ms) = self.pace.first_token(ticket, now) {
            self.past().latency.add(now, ms);
        }
    }

    /// Takes note of a request's end. `draw` spreads retries.
    pub fn end(&mut self, ticket: u64, verdict: Verdict, now: Timestamp, draw: u64) {
        let Some(under_way) = self.under_way.remove(&ticket) else { return };
        let lane = self.lanes.entry(under_way.lane).or_default();
        let failed = matches!(verdict, Verdict::Failed { blame: Blame::Hard { .. }, .. });
        match verdict {
            Verdict::Served { output_tokens } => {
                lane.served();
                self.breaker.succeeded(under_way.began, now);
                self.wrote(output_tokens, under_way.began, now);
                self.count(now, true);
            }
            Verdict::Failed { blame, cause } => {
                self.blamed(under_way, blame, cause, now, draw);
            }
            Verdict::GivenUp if under_way.on_trial => self.breaker.trial_given_up(now),
            Verdict::GivenUp => (),
        }
        self.pace.gone(ticket, failed, now);
        self.lanes.entry(under_way.lane).or_default().end();
    }

    /// Takes back the failures of a request that fails wherever it goes.
    pub fn take_back(&mut self, request: u64, now: Timestamp) {
        self.breaker.take_back(request, now);
    }

    /// Takes note that other nodes found it down. See [`Breaker::hinted`].
    pub fn hinted(&mut self, several: bool, now: Timestamp) {
        self.breaker.hinted(several, now);
    }

    /// Leaves it alone, because another node was asked to.
    pub fn hold(&mut self, ms: u64, now: Timestamp) {
        self.breaker.hold(ms, now);
    }

    /// Returns what it did in the last ten seconds: what peers are compared by.
    pub fn last_ten_seconds(&self, now: Timestamp) -> Tally {
        self.past.as_ref().map(|past| past.minutes.sum(now, 1)).unwrap_or_default()
    }

    /// Takes note of whether it does much worse than its peers.
    pub fn set_outlier(&mut self, is_outlier: bool) {
        self.is_outlier = is_outlier;
    }

    /// Returns the breaker, to be shown.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Returns what is shown of it.
    pub fn figures(&self, now: Timestamp) -> Figures {
        let Some(past) = &self.past else { return Figures::default() };
        Figures {
            uptime_last_5m: past.minutes.sum(now, 30).uptime(),
            uptime_last_30m: past.day.sum(now, 6).uptime(),
            uptime_last_1d: past.day.sum(now, 288).uptime(),
            latency_last_30m: past.latency.percentiles(now, 30, false),
            throughput_last_30m: past.throughput.percentiles(now, 30, true),
            last_1d: past.day.sum(now, 288),
            served: past.served,
            failed: past.failed,
            limited: past.limited,
        }
    }

    fn blamed(
        &mut self,
        under_way: UnderWay,
        blame: Blame,
        cause: Cause,
        now: Timestamp,
        draw: u64,
    ) {
        let lane = self.lanes.entry(under_way.lane).or_default();
        match blame {
            Blame::None | Blame::Credential { everywhere: true } => {
                // The endpoint answered, if not what was hoped for.
                if under_way.on_trial {
                    self.breaker.answered(under_way.began, now);
                }
            }
            Blame::Credential { everywhere: false } => {
                lane.hold(FORBIDDEN_MS, now);
                if under_way.on_trial {
                    self.breaker.trial_given_up(now);
                }
            }
            Blame::Hard { retry_after_ms } => {
                self.breaker.failed(cause, now, draw);
                if let Some(ms) = retry_after_ms {
                    self.breaker.hold(ms, now);
                }
            }
            Blame::Limited { retry_after_ms } => {
                lane.too_many(retry_after_ms, now);
                self.breaker.limited(now, draw);
                self.past().limited += 1;
            }
            Blame::Gone => {
                self.gone_until = now.plus_ms(GONE_MS);
                if under_way.on_trial {
                    self.breaker.trial_given_up(now);
                }
            }
        }
        if blame.lowers_uptime() {
            self.count(now, false);
        }
    }

    fn wrote(&mut self, output_tokens: Option<u32>, began: Timestamp, now: Timestamp) {
        let Some(tokens) = output_tokens.filter(|tokens| *tokens != 0) else { return };
        let ms = now.ms_since(began).max(1);
        self.pace.wrote(tokens, ms, now);
        let rate = (u64::from(tokens) * 1000).div_ceil(ms);
        self.past().throughput.add(now, u32::try_from(rate).unwrap_or(u32::MAX));
    }

    fn count(&mut self, now: Timestamp, is_good: bool) {
        let past = self.past();
        past.minutes.add(now, is_good);
        past.day.add(now, is_good);
        *(if is_good { &mut past.served } else { &mut past.failed }) += 1;
    }

    fn lane_of(&mut self, ticket: u64) -> Option<&mut Lane> {
        let credential = self.under_way.get(&ticket)?.lane;
        self.lanes.get_mut(&credential)
    }

    /// Returns until when all of the credentials are used up here.
    fn lanes_closed_until(&self, credentials: &[u64], now: Timestamp) -> Option<Timestamp> {
        let closed = credentials.iter().map(|it| self.lane_closed_until(*it, 1, now));
        closed.min().flatten()
    }

    fn five_minutes(&mut self, now: Timestamp) -> [Option<Percentiles>; 2] {
        let Some(past) = &mut self.past else { return [None; 2] };
        let second = now.seconds();
        if let Some((made, held)) = past.five_minutes.filter(|(made, _)| *made == second) {
            debug_assert_eq!(made, second);
            return held;
        }
        let fresh =
            [past.latency.percentiles(now, 5, false), past.throughput.percentiles(now, 5, true)];
        past.five_minutes = Some((second, fresh));
        fresh
    }

    fn past(&mut self) -> &mut Past {
        self.past.get_or_insert_with(|| {
            Box::new(Past {
                minutes: Counts::new(10_000),
                day: Counts::new(300_000),
                latency: Sketch::default(),
                throughput: Sketch::default(),
                served: 0,
                failed: 0,
                limited: 0,
                five_minutes: None,
            })
        })
    }
}
