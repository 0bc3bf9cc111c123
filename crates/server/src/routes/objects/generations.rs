//! What became of a request: records, receipts and what is said of them.

use domain::feedback::{COMMENT_CHARS_MAX, Category, Rating};
use domain::generation::Outcome;
use domain::models::Strategy;

use super::{data, dollars, one_of};
use crate::reference::{
    Schema, anything, either, fixed, instant, list, named, number, object, open, text, truth,
    whole, word,
};

const OUTCOMES: [Outcome; 4] =
    [Outcome::Finished, Outcome::Cancelled, Outcome::Broken, Outcome::Refused];
const STRATEGIES: [Strategy; 6] = [
    Strategy::Direct,
    Strategy::Alias,
    Strategy::Latest,
    Strategy::Fallback,
    Strategy::Auto,
    Strategy::Free,
];

fn absent(said: &str) -> Schema {
    Schema::from_json(serde_json::json!({ "type": "null" }), said)
}

fn outcome() -> Schema {
    one_of("How it ended.", &OUTCOMES)
}

/// The record of a generation.
pub(crate) fn generation() -> Schema {
    data(named("Generation", record))
}

fn record() -> Schema {
    let mut fields = who();
    fields.extend(figures());
    object("The record of a request. It holds nothing of what was said.", fields)
}

fn who() -> Vec<(&'static str, Schema)> {
    let ms = |said: &str| whole(&format!("{said} In milliseconds.")).or_null();
    let text_of = |said: &str| text(said).or_null();
    vec![
        ("id", text("Its id.").such_as("gen-1787000000-0123456789abcdefghij")),
        ("request_id", text("The same.")),
        ("session_id", text_of("The conversation, as the caller names it.")),
        ("upstream_id", text_of("The provider's id of the answer.")),
        ("created_at", instant("When it was admitted.")),
        ("api_type", text("What was asked for.").such_as("completions")),
        ("model", text("The model that answered.")),
        ("router", text_of("The router that chose it.")),
        ("http_referer", text_of("The application's address.")),
        ("app_title", text_of("The application's name.")),
        ("user_agent", text_of("What the client calls itself.")),
        ("external_user", text_of("The caller's own user.")),
        ("streamed", truth("The answer was streamed.")),
        ("cancelled", truth("The caller left.")),
        ("outcome", outcome()),
        ("finish_reason", text_of("Why the answer ended.")),
        ("native_finish_reason", text_of("The same, in the provider's word.")),
        ("service_tier", text_of("The tier that was asked for.")),
        ("origin", text("The application's address; empty where it says none.")),
        ("app_id", absent("Applications have no numbers here.")),
        ("preset_id", absent("There are no presets.")),
        ("workspace_id", absent("There is one workspace.")),
        ("data_region", fixed("global", "Always the same.")),
        ("web_search_engine", absent("Nothing is searched here.")),
        ("is_byok", fixed(false, "Callers bring no credentials of their own.")),
        ("provider_name", text_of("Who answered.")),
        ("latency", ms("To the first content.")),
        ("generation_time", ms("To the end.")),
        ("moderation_latency", absent("Nothing is moderated.")),
        ("error", text_of("What ended it, in a word.")),
        ("dropped_parameters", list(text("A field."), "Fields of the request without effect.")),
    ]
}

fn figures() -> Vec<(&'static str, Schema)> {
    let count = |said: &str| whole(said);
    let attempt = object(
        "An attempt at an endpoint.",
        vec![
            ("provider_name", text("Who was asked.")),
            ("endpoint_id", text("Which endpoint.")),
            ("status", whole("The status that came back.").or_null()),
            ("latency", whole("Milliseconds to the first content, or to the failure.").or_null()),
            ("error", text("What went wrong, in a word.").or_null()),
            ("is_byok", fixed(false, "Callers bring no credentials of their own.")),
        ],
    );
    let part = object(
        "What an endpoint gave of an answer that went on elsewhere.",
        vec![
            ("provider_name", text("Who gave it.")),
            ("endpoint_id", text("Which endpoint.")),
            ("tokens_prompt", whole("Prompt tokens.")),
            ("tokens_completion", whole("Tokens of the answer.")),
            ("cost", dollars("What it cost.")),
            ("is_charged", truth("The account bears it.")),
        ],
    );
    vec![
        ("tokens_prompt", count("Prompt tokens.")),
        ("tokens_completion", count("Tokens of the answer.")),
        ("native_tokens_prompt", count("Prompt tokens, as the provider counts them.")),
        ("native_tokens_completion", count("Tokens of the answer, as the provider counts them.")),
        ("native_tokens_reasoning", count("Tokens of thinking among them.")),
        ("native_tokens_cached", count("Prompt tokens that came from a cache.")),
        ("native_tokens_cache_write", count("Prompt tokens that were put into a cache.")),
        ("native_tokens_completion_images", absent("Not counted apart.")),
        ("tokens_estimated", truth("The provider did not count; Interline did.")),
        ("num_media_prompt", absent("Not counted.")),
        ("num_media_completion", count("Images that were drawn.")),
        ("num_search_results", absent("Nothing is searched here.")),
        ("num_fetches", absent("Not counted.")),
        ("num_input_audio_prompt", absent("Not counted.")),
        ("usage", dollars("What it cost.")),
        ("total_cost", dollars("The same.")),
        ("upstream_inference_cost", absent("Callers bring no credentials of their own.")),
        ("cache_discount", dollars("What caches saved; below zero where they cost more.")),
        ("provider_responses", list(attempt, "The attempts, in order.")),
        (
            "parts",
            list(part, "The parts of an answer that broke off and went on elsewhere.").maybe(),
        ),
    ]
}

/// A receipt.
pub(crate) fn receipt() -> Schema {
    data(named("Receipt", || {
        let model = object(
            "A model that was meant.",
            vec![
                ("id", text("The model.")),
                ("variants", list(text("A variant."), "What its name asked for beside it.")),
            ],
        );
        let served = text("The endpoint that answered.").or_null();
        object(
            "How a request was planned, and what came of it.",
            vec![
                ("id", text("The generation.")),
                ("created_at", instant("When it was admitted.")),
                ("requested", list(text("A name."), "The models that were asked for.")),
                ("strategy", one_of("By which way the models were found.", &STRATEGIES)),
                ("router", router().or_null()),
                ("models", list(model, "What was meant.")),
                ("candidates", list(candidate(), "The endpoints that were looked at.")),
                ("stickiness", stickiness().or_null()),
                ("attempts", list(attempt(), "The attempts, in order.")),
                ("outcome", outcome()),
                ("error", text("What ended it, in a word.").or_null()),
                ("served_by", served),
                ("price", price()),
                ("replay", replay()),
                ("inputs", open("What the plan was made from, to make it again.", Vec::new())),
            ],
        )
    }))
}

fn router() -> Schema {
    let chosen = object(
        "A model that was chosen.",
        vec![
            ("model", text("The model.")),
            ("quality", number("How well it does.").or_null()),
            ("cheapness", number("How little it costs.").or_null()),
            ("score", number("Both together.").or_null()),
        ],
    );
    object(
        "What a router chose.",
        vec![
            ("name", text("The router.")),
            ("task", anything("What the request was taken for.")),
            ("chosen", list(chosen, "Its choice, the best first.")),
            ("looked_at", whole("Models that it looked at.")),
        ],
    )
}

fn candidate() -> Schema {
    object(
        "An endpoint that was looked at.",
        vec![
            ("endpoint", text("Its id.")),
            (
                "place",
                whole("In which place it was to be tried; null where it was left out.").or_null(),
            ),
            ("excluded_by", list(text("A rule."), "The rules that left it out.")),
            ("expected_cost", dollars("What the request was expected to cost there.")),
            ("gate", text("Whether requests may go there.").such_as("open")),
            ("had_outage_lately", truth("It had an outage in the last half minute.")),
            ("is_demoted", truth("It is much slower or worse than usual.")),
            ("latency_ms", whole("The median of milliseconds to the first token.").or_null()),
            ("throughput", whole("The median of tokens a second.").or_null()),
            ("in_flight", whole("Requests that were under way.")),
        ],
    )
}

fn stickiness() -> Schema {
    object(
        "Whether the conversation stayed where its prompt cache is.",
        vec![
            ("outcome", text("What became of it.").such_as("stays")),
            ("saving", dollars("What the cache was expected to save.").maybe()),
            ("gain", dollars("What another endpoint would be better by.").maybe()),
            ("endpoint", text("Where the cache is.")),
            ("cached_tokens", whole("Tokens in it.")),
        ],
    )
}

fn attempt() -> Schema {
    object(
        "An attempt.",
        vec![
            ("endpoint", text("Which endpoint.")),
            ("provider", text("Who was asked.")),
            ("status", whole("The status that came back.").or_null()),
            ("error", text("What went wrong, in a word.").or_null()),
            (
                "latency_ms",
                whole("Milliseconds to the first content, or to the failure.").or_null(),
            ),
            ("credential", whole("Which of our credentials was used, from 0.").or_null()),
            ("credential_left", anything("What that credential had left.")),
            ("cost", dollars("What it cost.")),
        ],
    )
}

fn price() -> Schema {
    let rate = |of: &str| text(&format!("Dollars for {of}.")).or_null();
    let quoted = object(
        "What the endpoint that answered had posted.",
        vec![("prompt", rate("a prompt token")), ("completion", rate("a token of an answer"))],
    );
    object(
        "What was expected, and what was paid.",
        vec![
            ("quoted", quoted.or_null()),
            ("expected_cost", dollars("What was expected.").or_null()),
            ("paid", dollars("What was paid.")),
            ("cache_discount", dollars("What caches saved.")),
        ],
    )
}

fn replay() -> Schema {
    object(
        "The plan, made again from the same.",
        vec![
            ("same", truth("It is the same; null where it cannot be made again.").or_null()),
            ("why", text("Why it cannot.").or_null()),
        ],
    )
}

/// What is said of a generation.
pub(crate) fn feedback() -> Schema {
    named("Feedback", || {
        object(
            "What is said of a generation.",
            vec![
                ("generation_id", text("Of which.")),
                ("category", word("What it is about.", Category::ALL.map(Category::word))),
                (
                    "comment",
                    text("In words.").within(0, COMMENT_CHARS_MAX as u64).or_null().maybe(),
                ),
                (
                    "rating",
                    one_of("Whether the answer was any good.", &[Rating::Up, Rating::Down])
                        .or_null()
                        .maybe(),
                ),
            ],
        )
    })
}

/// It was kept.
pub(crate) fn kept() -> Schema {
    data(object("It was kept.", vec![("success", fixed(true, "It was kept."))]))
}

/// What a request used and cost, as chats tell it.
pub(crate) fn usage() -> Schema {
    named("Usage", || {
        let count = |said: &str| whole(said);
        let prompt = object(
            "Of the prompt.",
            vec![
                ("cached_tokens", count("From a cache.")),
                ("cache_write_tokens", count("Put into a cache.")),
                ("audio_tokens", count("Of sound.")),
                ("video_tokens", count("Of film.")),
            ],
        );
        let completion = object(
            "Of the answer.",
            vec![
                ("reasoning_tokens", count("Of thinking.")),
                ("image_tokens", count("Of images.")),
                ("audio_tokens", count("Of sound.")),
            ],
        );
        object(
            "What it used, and what it cost.",
            vec![
                ("prompt_tokens", count("Tokens of the prompt.")),
                ("completion_tokens", count("Tokens of the answer.")),
                ("total_tokens", count("Both.")),
                ("cost", dollars("What it cost.")),
                ("is_byok", fixed(false, "Callers bring no credentials of their own.")),
                ("prompt_tokens_details", prompt),
                ("cost_details", cost_details()),
                ("completion_tokens_details", completion),
            ],
        )
    })
}

/// What a cost is made of.
pub(super) fn cost_details() -> Schema {
    object(
        "What the cost is made of.",
        vec![
            ("upstream_inference_cost", absent("Callers bring no credentials of their own.")),
            ("upstream_inference_prompt_cost", dollars("For the prompt.")),
            ("upstream_inference_completions_cost", dollars("For the rest.")),
        ],
    )
}

/// Fields of what a task used and cost, besides what it counts.
pub(super) fn costs() -> Vec<(&'static str, Schema)> {
    vec![
        ("cost", dollars("What it cost.")),
        ("is_byok", fixed(false, "Callers bring no credentials of their own.")),
        ("cost_details", cost_details()),
        ("estimated", fixed(true, "The provider did not count; Interline did.").maybe()),
    ]
}

/// One of two forms, or a list of the first.
pub(super) fn one_or_many(of: &Schema, said: &str) -> Schema {
    either([of.clone(), list(of.clone(), "Several.")], said)
}
