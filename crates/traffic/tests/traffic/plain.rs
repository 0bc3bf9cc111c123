//! The second implementation: loops over events, and nothing of the first one but the events.

use std::collections::{BTreeMap, BTreeSet};

use domain::generation::{Outcome, ToolVerdict};
use traffic::event::{Event, Finish, Service};

/// What was used, counted one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Count {
    pub(crate) requests: u64,
    pub(crate) prompt: u64,
    pub(crate) cached: u64,
    pub(crate) output: u64,
    pub(crate) list: u64,
    /// Tokens by account.
    pub(crate) accounts: BTreeMap<String, u64>,
    /// Spend by account.
    pub(crate) spend: BTreeMap<String, u64>,
}

impl Count {
    pub(crate) fn tokens(&self) -> u64 {
        self.prompt - self.cached + self.output
    }

    /// The largest T with T = Σ min(a, s·T), found from above by repetition.
    pub(crate) fn capped(&self) -> f64 {
        let n = self.accounts.values().filter(|it| **it != 0).count() as f64;
        let share = f64::max(0.02, 2.0 / n);
        let mut total: f64 = self.accounts.values().map(|it| *it as f64).sum();
        for _ in 0..10_000 {
            let next = self.accounts.values().map(|it| f64::min(*it as f64, share * total)).sum();
            if total - next <= total * 1e-13 {
                break;
            }
            total = next;
        }
        total
    }

    /// How many accounts of equal use would be as concentrated, each counted up to its part.
    pub(crate) fn effective_users(&self) -> f64 {
        let n = self.accounts.values().filter(|it| **it != 0).count() as f64;
        let most = f64::max(0.02, 2.0 / n) * self.capped();
        let counted: Vec<f64> =
            self.accounts.values().map(|it| f64::min(*it as f64, most)).collect();
        let sum: f64 = counted.iter().sum();
        sum * sum / counted.iter().map(|it| it * it).sum::<f64>()
    }
}

/// Complete, with an answer, and ended in no error.
pub(crate) fn counts(event: &Event) -> bool {
    event.endpoint.is_some()
        && event.outcome == Outcome::Finished
        && event.finish != Finish::Error
        && 0 < event.tokens.output
}

/// Counts the events that count by a name, none for those that have none.
pub(crate) fn count<'a>(
    events: impl Iterator<Item = &'a Event>,
    name: impl Fn(&Event) -> Option<String>,
) -> BTreeMap<String, Count> {
    let mut counts_by: BTreeMap<String, Count> = BTreeMap::new();
    for event in events {
        if !counts(event) {
            continue;
        }
        let Some(name) = name(event) else { continue };
        let held = counts_by.entry(name).or_default();
        let t = &event.tokens;
        held.requests += 1;
        held.prompt += u64::from(t.input) + u64::from(t.cache_read) + u64::from(t.cache_write);
        held.cached += u64::from(t.cache_read);
        held.output += u64::from(t.output);
        held.list += event.list_nanos;
        *held.accounts.entry(event.account.to_string()).or_default() +=
            u64::from(t.input) + u64::from(t.cache_write) + u64::from(t.output);
        *held.spend.entry(event.account.to_string()).or_default() += event.list_nanos;
    }
    counts_by
}

/// Tries at endpoints: served, failed, busy.
pub(crate) fn tries<'a>(
    events: impl Iterator<Item = &'a Event>,
    endpoints: &BTreeSet<String>,
) -> [u64; 3] {
    let mut found = [0; 3];
    let mut add = |name: &str, service: Service| {
        if endpoints.contains(name) {
            match service {
                Service::Served => found[0] += 1,
                Service::Failed => found[1] += 1,
                Service::Busy => found[2] += 1,
                Service::Untold => {}
            }
        }
    };
    for event in events {
        if let Some(name) = &event.endpoint {
            add(name, event.service);
        }
        for failed in &event.failed {
            add(&failed.endpoint, failed.service);
        }
    }
    found
}

/// The events that name any of some endpoints, in whatever part.
pub(crate) fn about<'a>(events: &'a [Event], endpoints: &BTreeSet<String>) -> Vec<&'a Event> {
    let is_about = |event: &&Event| {
        let mut named = event.failed.iter().map(|it| &it.endpoint).chain(&event.endpoint);
        named.any(|name| endpoints.contains(&**name))
    };
    events.iter().filter(is_about).collect()
}

/// The events that ended at one of some endpoints.
pub(crate) fn at<'a>(events: &[&'a Event], endpoints: &BTreeSet<String>) -> Vec<&'a Event> {
    let is_own = |it: &&&Event| it.endpoint.as_ref().is_some_and(|id| endpoints.contains(&**id));
    events.iter().filter(is_own).copied().collect()
}

/// Holds what is told of calls of tools to what events say of them.
pub(crate) fn hold_calls(told: &traffic::figures::Service, own: &[&Event]) {
    let of = |verdict: ToolVerdict| {
        own.iter().filter(|event| event.tool_verdict == Some(verdict)).count() as u64
    };
    let ended = own.iter().filter(|event| event.tool_verdict.is_some()).count() as u64;
    let Some(told) = told.tool_errors else {
        assert_eq!(ended, 0);
        return;
    };
    let kinds = [told.unparseable, told.unknown_tool, told.schema_mismatch];
    let counted = [
        of(ToolVerdict::Unparseable),
        of(ToolVerdict::UnknownTool),
        of(ToolVerdict::SchemaMismatch),
    ];
    assert_eq!(kinds, counted);
    assert_eq!((told.share.count, told.unjudged), (ended, of(ToolVerdict::Unjudged)));
    let invalid = own.iter().filter(|event| event.tool_calls_invalid != 0).count() as u64;
    assert_eq!(invalid, counted.iter().sum::<u64>());
    assert_eq!(Some(told.share), rankings::share::wilson(invalid, ended));
    assert!(near(told.share.share, invalid as f64 / ended as f64));
}

pub(crate) fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

/// Whether an event was served well, from the words of the documentation.
pub(crate) fn is_good(event: &Event) -> bool {
    let limit = 5_000.0
        + f64::from(event.tokens.prompt()) / 10_000.0 * 1_000.0
        + 20.0 * f64::from(event.tokens.reasoning);
    let late = event.streamed && event.ttft_ms.is_some_and(|ms| limit.floor() < f64::from(ms));
    counts(event) && !late && event.tool_calls_invalid == 0
}

/// The value below which a share of values lies.
pub(crate) fn quantile(values: &mut [u32], share: f64) -> f64 {
    values.sort_unstable();
    f64::from(values[(share * (values.len() - 1) as f64).round() as usize])
}

/// All names of a kind.
pub(crate) fn names(events: &[Event], name: impl Fn(&Event) -> Option<String>) -> BTreeSet<String> {
    events.iter().filter(|event| counts(event)).filter_map(name).collect()
}
