//! The life of an endpoint, told as stories.

use super::{Admission, Blame, Cause, EndpointState, Gate, PromptSize, Quota, Verdict};
use crate::time::Timestamp;

const KEY: u64 = 7;
const DOWN: Blame = Blame::Hard { retry_after_ms: None };

/// An endpoint, and the time.
struct Story {
    state: EndpointState,
    now: Timestamp,
    requests: u64,
}

impl Story {
    fn begin() -> Story {
        Story {
            state: EndpointState::default(),
            now: Timestamp::from_ms(1_787_000_000_000),
            requests: 0,
        }
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    fn gate(&mut self) -> Gate {
        self.state.view(self.now, PromptSize::Short, &[KEY]).gate
    }

    fn ask(&mut self, caller: u64, blame: Option<Blame>) {
        self.requests += 1;
        let request = self.requests;
        self.ask_again(Cause { caller, request }, blame);
    }

    fn ask_again(&mut self, cause: Cause, blame: Option<Blame>) {
        let on_trial = self.state.admit(self.now) == Admission::Trial;
        let ticket = self.state.begin(self.now, PromptSize::Short, (KEY, 10), on_trial);
        self.wait(10);
        let verdict = match blame {
            None => {
                self.state.first_content(ticket, self.now);
                self.wait(10);
                Verdict::Served { output_tokens: Some(10) }
            }
            Some(blame) => Verdict::Failed { blame, cause },
        };
        self.state.end(ticket, verdict, self.now, 0);
    }
}

#[test]
fn five_failures_in_a_row_close_it_and_a_trial_opens_it_slowly() {
    let mut story = Story::begin();
    for caller in 0..4 {
        story.ask(caller, Some(DOWN));
        assert_eq!(story.gate(), Gate::Open);
    }
    story.ask(4, Some(DOWN));
    let Gate::Closed { until } = story.gate() else { panic!("{:?}", story.gate()) };
    assert!(until.ms_since(story.now) <= 1_000);
    assert!(matches!(story.state.admit(story.now), Admission::No { .. }));
    story.now = until;
    assert_eq!(story.gate(), Gate::Trial);
    assert_eq!(story.state.admit(story.now), Admission::Trial);
    assert!(matches!(story.state.admit(story.now), Admission::No { .. }), "one at a time");
    let ticket = story.state.begin(story.now, PromptSize::Short, (KEY, 1), true);
    story.state.first_content(ticket, story.now);
    assert_eq!(story.gate(), Gate::Slow { share_percent: 10 });
    story.wait(10_000);
    assert_eq!(story.gate(), Gate::Slow { share_percent: 55 });
    story.wait(10_000);
    assert_eq!(story.gate(), Gate::Open);
}

#[test]
fn every_trial_that_fails_doubles_the_pause_up_to_half_a_minute() {
    let mut story = Story::begin();
    (0..5).for_each(|caller| story.ask(caller, Some(DOWN)));
    let mut pauses = Vec::new();
    for caller in 0..7 {
        let Gate::Closed { until } = story.gate() else { panic!("{:?}", story.gate()) };
        pauses.push(until.ms_since(story.now));
        story.now = until;
        story.ask(caller, Some(DOWN));
    }
    // The draw of zero takes the least: half of it.
    assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
}

#[test]
fn half_of_many_failing_close_it_too() {
    let mut story = Story::begin();
    for round in 0..10 {
        story.ask(round, None);
        story.ask(round, Some(DOWN));
    }
    assert!(matches!(story.gate(), Gate::Closed { .. }), "{:?}", story.gate());
}

#[test]
fn what_callers_get_wrong_closes_nothing() {
    let mut story = Story::begin();
    (0..1_000).for_each(|caller| story.ask(caller, Some(Blame::None)));
    let health = story.state.view(story.now, PromptSize::Short, &[KEY]);
    assert_eq!((health.gate, health.had_outage_lately), (Gate::Open, false));
}

#[test]
fn one_caller_with_one_bad_request_closes_nothing() {
    let mut story = Story::begin();
    let cause = Cause { caller: 1, request: 1 };
    (0..50).for_each(|_| story.ask_again(cause, Some(DOWN)));
    assert_eq!(story.gate(), Gate::Open);
    // Two more that differ are proof.
    story.ask_again(Cause { caller: 1, request: 2 }, Some(DOWN));
    story.ask_again(Cause { caller: 1, request: 3 }, Some(DOWN));
    assert!(matches!(story.gate(), Gate::Closed { .. }));
}

#[test]
fn a_request_that_fails_everywhere_is_not_held_against_it() {
    let mut story = Story::begin();
    for round in 0..40 {
        story.ask(1, None);
        let cause = Cause { caller: 666, request: 10_000 + round };
        story.ask_again(cause, Some(DOWN));
        story.state.take_back(cause.request, story.now);
    }
    let health = story.state.view(story.now, PromptSize::Short, &[KEY]);
    assert_eq!((health.gate, health.had_outage_lately), (Gate::Open, false));
}

#[test]
fn a_wish_to_be_left_alone_is_granted() {
    let mut story = Story::begin();
    story.ask(1, Some(Blame::Hard { retry_after_ms: Some(45_000) }));
    let until = story.now.plus_ms(45_000);
    assert_eq!(story.gate(), Gate::Held { until });
    assert!(!story.state.is_last_resort(until.plus_ms(-1)));
    story.now = until;
    assert_eq!(story.gate(), Gate::Open);
    story.ask(1, Some(Blame::Hard { retry_after_ms: Some(u64::MAX) }));
    assert_eq!(story.gate(), Gate::Held { until: story.now.plus_ms(300_000) });
}

#[test]
fn a_limit_closes_one_credential_and_leaves_the_other() {
    let mut story = Story::begin();
    story.ask(1, Some(Blame::Limited { retry_after_ms: Some(20_000) }));
    let until = story.now.plus_ms(20_000);
    assert_eq!(story.gate(), Gate::Held { until });
    assert_eq!(story.state.view(story.now, PromptSize::Short, &[KEY, 8]).gate, Gate::Open);
}

#[test]
fn what_was_asked_before_an_outage_says_nothing_about_its_end() {
    let mut story = Story::begin();
    let early = story.state.begin(story.now, PromptSize::Short, (KEY, 1), false);
    story.wait(10);
    (0..5).for_each(|caller| story.ask(caller, Some(DOWN)));
    story.state.first_content(early, story.now);
    assert!(matches!(story.gate(), Gate::Closed { .. }));
}

#[test]
fn a_trial_that_is_given_up_leaves_the_next_one_to_try() {
    let mut story = Story::begin();
    (0..5).for_each(|caller| story.ask(caller, Some(DOWN)));
    story.wait(1_000);
    assert_eq!(story.state.admit(story.now), Admission::Trial);
    let ticket = story.state.begin(story.now, PromptSize::Short, (KEY, 1), true);
    story.state.end(ticket, Verdict::GivenUp, story.now, 0);
    assert_eq!(story.gate(), Gate::Trial);
}

#[test]
fn an_endpoint_twenty_times_slower_is_demoted_while_it_waits() {
    let mut story = Story::begin();
    (0..30).for_each(|caller| story.ask(caller, None));
    assert!(!story.state.view(story.now, PromptSize::Short, &[KEY]).is_demoted);
    for _ in 0..3 {
        story.state.begin(story.now, PromptSize::Short, (KEY, 1), false);
    }
    story.wait(400);
    assert!(!story.state.view(story.now, PromptSize::Short, &[KEY]).is_demoted);
    story.wait(200);
    assert!(story.state.view(story.now, PromptSize::Short, &[KEY]).is_demoted);
}

#[test]
fn figures_are_those_of_the_api() {
    let mut story = Story::begin();
    (0..99).for_each(|caller| story.ask(caller, None));
    story.ask(1, Some(DOWN));
    story.ask(1, Some(Blame::Limited { retry_after_ms: None }));
    let figures = story.state.figures(story.now);
    assert_eq!(figures.uptime_last_5m, Some(9_900));
    assert_eq!(figures.uptime_last_1d, Some(9_900));
    assert_eq!((figures.last_1d.total(), figures.limited), (100, 1));
    assert_eq!(figures.latency_last_30m.unwrap().p50, 10);
    let health = story.state.view(story.now, PromptSize::Short, &[KEY, 8]);
    // Ten tokens in twenty milliseconds.
    assert!(health.throughput.unwrap().p50.abs_diff(500) < 32);
    assert_eq!(health.load.tokens_per_second, 500);
}

#[test]
fn providers_headers_close_a_lane_before_they_refuse() {
    let mut story = Story::begin();
    let ticket = story.state.begin(story.now, PromptSize::Short, (KEY, 1), false);
    let quota = Quota { requests: Some(0), requests_reset_ms: Some(3_000), ..Quota::default() };
    story.state.learn(ticket, quota, story.now);
    assert_eq!(story.gate(), Gate::Held { until: story.now.plus_ms(3_000) });
}
