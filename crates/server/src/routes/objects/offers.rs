//! Endpoints and providers: who offers a model, how well, and on which terms.

use domain::catalog::Training;

use super::models::{architecture, launch, parameters, pricing};
use super::{day, one_of, percent, percentiles};
use crate::reference::{Schema, either, fixed, instant, list, named, object, text, truth, whole};

const TRAINING: [Training; 4] = [Training::Yes, Training::No, Training::OptOut, Training::Unknown];

/// An endpoint.
pub(crate) fn endpoint() -> Schema {
    named("Endpoint", || object("An offer of a model by a provider.", fields()))
}

fn fields() -> Vec<(&'static str, Schema)> {
    let choice = ["none", "auto", "required", "function"]
        .map(|name| (name, truth("Whether `tool_choice` may be that.")));
    let uptime = |time: &str| percent(&format!("Share of answers in {time}.")).or_null();
    vec![
        ("name", text("The provider and the model.")),
        ("model_id", text("The model.")),
        ("model_name", text("The model's name for people.")),
        ("context_length", whole("Tokens of prompt and answer together.").or_null()),
        ("pricing", named("Pricing", pricing)),
        ("provider_name", text("The provider.")),
        ("tag", text("Its name in `provider.order` and the like.").such_as("deepinfra/fp8")),
        ("quantization", text("How the weights are stored; `unknown` where nobody says.")),
        ("max_completion_tokens", whole("Tokens of an answer.").or_null()),
        ("max_prompt_tokens", whole("Tokens of a prompt.").or_null()),
        ("supported_parameters", parameters()),
        (
            "status",
            Schema::from_json(
                serde_json::json!({ "type": "integer" }),
                "0 where all is well; below that it is ending, or not offered.",
            ),
        ),
        ("uptime_last_5m", uptime("five minutes")),
        ("uptime_last_30m", uptime("half an hour")),
        ("uptime_last_1d", uptime("a day")),
        ("supports_tool_choice", object("Which values of `tool_choice` it takes.", choice.into())),
        ("native_tools", object("There are none.", Vec::new())),
        (
            "service_tier",
            Schema::from_json(serde_json::json!({ "type": "null" }), "There is none."),
        ),
        ("supports_diarization", fixed(false, "It tells no speakers apart.")),
        ("supports_implicit_caching", truth("It caches prompts unasked.")),
        ("latency_last_30m", percentiles("In milliseconds to the first token.").or_null()),
        ("throughput_last_30m", percentiles("In tokens a second.").or_null()),
        ("available", truth("Whether it can be called here.")),
    ]
}

/// A model with its endpoints.
pub(crate) fn endpoints() -> Schema {
    named("ModelEndpoints", || {
        let mut own = fields();
        own.push(("traffic", either(
            [named("Traffic", traffic), Schema::from_json(serde_json::json!({ "type": "null" }), "Nothing.")],
            "What the traffic of this instance tells of it; null for whoever may not see that, and where \
             nobody asked it.",
        )));
        let mut fields = vec![
            ("id", text("The model.")),
            ("name", text("Its name for people.")),
            (
                "created",
                whole("Seconds since 1970 at which it was released; 0 where nobody knows."),
            ),
            ("description", text("What it is.")),
            ("architecture", named("Architecture", architecture)),
            ("endpoints", list(object("An offer of the model.", own), "Who offers it.")),
        ];
        fields.extend(launch());
        object("A model with its endpoints.", fields)
    })
}

fn traffic() -> Schema {
    let span = |time: &str| named("Service", service).about(time);
    let bar = object(
        "A day.",
        vec![
            ("date", day("The day.")),
            ("tries", whole("Requests.")),
            ("uptime", percent("Share of answers.").or_null()),
            ("latency", counted("In milliseconds to the first token.").or_null()),
            ("throughput", counted("In tokens a second.").or_null()),
        ],
    );
    let million =
        |of: &str| super::dollars(&format!("A million {of}, as they were paid.")).or_null();
    let paid = object(
        "What was paid in thirty days.",
        vec![
            ("prompt_per_million", million("prompt tokens")),
            ("completion_per_million", million("tokens of answers")),
            ("cached_share", percent("Prompt tokens that came from a cache.").or_null()),
            ("cache_savings", super::dollars("What the cache saved.").or_null()),
        ],
    );
    let rate = |of: &str| text(&format!("Dollars for {of}.")).or_null();
    let price = object(
        "A price that was posted.",
        vec![
            ("since", instant("From when on.")),
            ("prompt", rate("a prompt token")),
            ("completion", rate("a token of an answer")),
            ("input_cache_read", rate("a prompt token that comes from a cache")),
        ],
    );
    object(
        "What the traffic of this instance tells of an endpoint.",
        vec![
            ("last_5m", span("Five minutes.").or_null()),
            ("last_30m", span("Half an hour.").or_null()),
            ("last_1d", span("A day.")),
            ("last_90d", span("Ninety days.")),
            ("days", list(bar, "Days on which it was asked.")),
            ("paid_last_30d", paid.or_null()),
            ("price_history", list(price, "Its prices, the first first.")),
        ],
    )
}

fn counted(unit: &str) -> Schema {
    let point = |share: &str| {
        crate::reference::number(&format!("{share} in a hundred are at most this. {unit}"))
    };
    object(
        "Points of a distribution.",
        vec![
            ("count", whole("How many there are.")),
            ("p50", point("50")),
            ("p75", point("75")),
            ("p90", point("90")),
            ("p99", point("99")),
        ],
    )
}

fn service() -> Schema {
    let errors = object(
        "Answers whose calls of tools are not as they should be.",
        vec![
            ("rate", percent("Their share.").or_null()),
            ("low", percent("The least that is likely.").or_null()),
            ("high", percent("The most that is likely.").or_null()),
            ("count", whole("Answers that were judged.")),
            ("unparseable", whole("Arguments that are no JSON.")),
            ("unknown_tool", whole("Tools that were not offered.")),
            ("schema_mismatch", whole("Arguments that break the tool's schema.")),
            ("not_judged", whole("Answers that could not be judged.")),
        ],
    );
    object(
        "How an endpoint served.",
        vec![
            ("tries", whole("Requests.")),
            ("busy", whole("Refusals for too many requests.")),
            ("uptime", percent("Share of answers.").or_null()),
            ("latency", counted("In milliseconds to the first token.").or_null()),
            ("throughput", counted("In tokens a second.").or_null()),
            (
                "tool_call_error_rate",
                percent("Share of calls that are not as they should be.").or_null(),
            ),
            ("tool_call_errors", errors.or_null()),
        ],
    )
}

/// A provider.
pub(crate) fn provider() -> Schema {
    named("Provider", || {
        let policy = object(
            "What becomes of prompts.",
            vec![
                ("training", one_of("Whether models are trained on them.", &TRAINING)),
                (
                    "retention_days",
                    whole("Days that they are kept; null where nobody says.").or_null(),
                ),
            ],
        );
        let page = |what: &str| text(&format!("Its {what}.")).or_null();
        object(
            "A provider.",
            vec![
                ("name", text("Its name.")),
                ("slug", text("Its name in requests and addresses.")),
                ("privacy_policy_url", page("privacy policy")),
                ("terms_of_service_url", page("terms of service")),
                ("status_page_url", page("page of status")),
                ("headquarters", text("Its country.").or_null()),
                ("datacenters", list(text("A country."), "Where its machines stand.").or_null()),
                ("data_policy", policy),
                ("active", truth("Whether it can be called here.")),
            ],
        )
    })
}
