//! How endpoints fare, for the operator.

use super::{all, percent, percentiles};
use crate::reference::{Schema, instant, list, named, object, text, truth, whole, word};

/// Every endpoint that can be called.
pub(crate) fn endpoints() -> Schema {
    all(named("EndpointState", state), "The endpoints.")
}

fn state() -> Schema {
    let gate = object(
        "Whether requests may go there.",
        vec![
            ("state", word("How.", ["open", "slow", "trial", "closed", "held"])),
            ("share_percent", whole("The share of what it would get that goes there.").maybe()),
            ("until", instant("When that changes.").maybe()),
        ],
    );
    let load = object(
        "How busy it is, and how fast just now; 0 where nothing is known.",
        vec![
            ("first_token_ms", whole("Milliseconds to the first token.")),
            ("tokens_per_second", whole("Tokens a second.")),
            ("in_flight", whole("Requests under way.")),
        ],
    );
    let credential = object(
        "A credential, which is numbered and not shown.",
        vec![
            ("place", whole("Its number, from 0.")),
            ("refused_until", instant("It was refused, until then.").or_null()),
            ("used_up_until", instant("It is used up, until then.").or_null()),
            ("in_flight", whole("Requests under way with it.")),
        ],
    );
    let latency = || percentiles("In milliseconds to the first token.").or_null();
    let throughput = || percentiles("In tokens a second.").or_null();
    let uptime = |time: &str| percent(&format!("Share of answers in {time}.")).or_null();
    object(
        "How an endpoint fares.",
        vec![
            ("endpoint", text("Its id.")),
            ("model", text("The model.")),
            ("provider", text("The provider.")),
            ("tag", text("Its name in `provider.order` and the like.")),
            ("region", text("The region in which it stays.").or_null()),
            ("gate", gate),
            ("opens_in_ms", whole("Milliseconds until it opens.").or_null()),
            ("had_outage_lately", truth("It had an outage in the last half minute.")),
            ("is_demoted", truth("It is much slower or worse than usual.")),
            ("openings", whole("How often in a row it was closed again.")),
            ("failures_in_a_row", whole("Failures since it last answered.")),
            ("load", load),
            ("latency_last_5m", latency()),
            ("throughput_last_5m", throughput()),
            ("latency_last_30m", latency()),
            ("throughput_last_30m", throughput()),
            ("uptime_last_5m", uptime("five minutes")),
            ("uptime_last_30m", uptime("half an hour")),
            ("uptime_last_1d", uptime("a day")),
            ("served", whole("Answers since the process began.")),
            ("failed", whole("Failures that were the provider's.")),
            ("limited", whole("Refusals for too many requests.")),
            ("credentials", list(credential, "Our credentials there.")),
        ],
    )
}
