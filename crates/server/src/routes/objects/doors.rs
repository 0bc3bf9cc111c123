//! Responses as OpenAI has them, messages as Anthropic has them, and counts of both.

use super::metadata;
use super::preferences::house;
use crate::reference::{
    Schema, anything, either, fixed, instant, list, named, number, object, open, text, truth,
    whole, word,
};

fn tokens_max(said: &str) -> Schema {
    Schema::from_json(serde_json::json!({ "type": "integer", "minimum": 1 }), said)
}

fn flag(said: &str) -> Schema {
    truth(said).or_null().maybe()
}

fn drawn(said: &str, most: u64) -> Schema {
    number(said).within(0, most).or_null().maybe()
}

/// A response that is asked for.
pub(crate) fn responses_request() -> Schema {
    named("ResponsesRequest", || {
        open("A request in the form of OpenAI's Responses.", response_fields())
    })
}

fn response_fields() -> Vec<(&'static str, Schema)> {
    let items =
        list(open("A message, a call, a result, a piece of thinking.", Vec::new()), "Items.");
    let mut fields = vec![
        ("model", text("The model.").maybe()),
        ("input", either([text("What the user says."), items], "The conversation.")),
        ("instructions", text("What the model is told first.").or_null().maybe()),
        ("max_output_tokens", tokens_max("Tokens of the answer, at most.").or_null().maybe()),
        ("temperature", drawn("How freely words are drawn.", 2)),
        ("top_p", drawn("From which share of likely words the next is drawn.", 1)),
        ("top_logprobs", whole("How many likely tokens are told in each place.").or_null().maybe()),
        (
            "tools",
            list(open("A tool.", vec![("type", text("What it is."))]), "Tools.").or_null().maybe(),
        ),
        ("tool_choice", anything("Whether tools may or have to be called, and which.").maybe()),
        ("parallel_tool_calls", flag("Whether several tools may be called at once.")),
        ("reasoning", open("Whether and how the model thinks.", Vec::new()).or_null().maybe()),
        (
            "text",
            open("Whether the answer is JSON, and how long it is.", Vec::new()).or_null().maybe(),
        ),
        ("stream", flag("Whether the answer comes as events while it is made.")),
        ("store", flag("Has no effect: responses are not kept here.")),
        ("background", flag("Cannot be true: responses are not kept here.")),
        (
            "service_tier",
            text("`priority` asks endpoints that have it as a price of its own.").or_null().maybe(),
        ),
        (
            "prompt_cache_key",
            text("What prompts with the same beginning have in common.").or_null().maybe(),
        ),
        ("user", text("The caller's own user.").or_null().maybe()),
        ("safety_identifier", text("A hash of the caller's own user.").or_null().maybe()),
        ("metadata", open("Repeated by the answer.", Vec::new()).or_null().maybe()),
    ];
    fields.extend(house());
    fields
}

/// A whole response.
pub(crate) fn response() -> Schema {
    named("Response", || {
        let item =
            open("A message, a call, a piece of thinking.", vec![("type", text("What it is."))]);
        open(
            "A whole response. It repeats what was asked for.",
            vec![
                ("id", text("The generation.")),
                ("object", fixed("response", "What this is.")),
                ("created_at", number("Seconds since 1970.")),
                (
                    "status",
                    word("How it ended.", ["completed", "incomplete", "failed", "in_progress"]),
                ),
                ("model", text("The model that answered.")),
                ("provider", text("Who answered.").maybe()),
                ("output", list(item, "What was said, thought and called.")),
                ("usage", named("ResponseUsage", response_usage)),
                ("error", anything("What went wrong.").maybe()),
                ("incomplete_details", anything("Why it is not whole.").maybe()),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}

fn response_usage() -> Schema {
    open(
        "What it used, and what it cost.",
        vec![
            ("input_tokens", whole("Tokens of the prompt.")),
            ("output_tokens", whole("Tokens of the answer.")),
            ("total_tokens", whole("Both.")),
            (
                "input_tokens_details",
                open("Of the prompt.", vec![("cached_tokens", whole("From a cache."))]),
            ),
            (
                "output_tokens_details",
                open("Of the answer.", vec![("reasoning_tokens", whole("Of thinking."))]),
            ),
            ("cost", super::dollars("What it cost.")),
        ],
    )
}

/// An event of a stream that is named by its type.
pub(crate) fn event() -> Schema {
    named("NamedEvent", || {
        open(
            "The data of a server-sent event, as its dialect has it.",
            vec![("type", text("What it is."))],
        )
    })
}

/// A response to count the prompt of.
pub(crate) fn responses_count() -> Schema {
    named("ResponsesToCount", || open("The request whose prompt is counted.", response_fields()))
}

/// Tokens of a prompt, as OpenAI tells them.
pub(crate) fn responses_counted() -> Schema {
    object(
        "How long a prompt is.",
        vec![
            ("object", fixed("response.input_tokens", "What this is.")),
            ("input_tokens", whole("Its tokens.")),
        ],
    )
}

/// A message that is asked for.
pub(crate) fn messages_request() -> Schema {
    named("MessagesRequest", || {
        let mut fields = message_fields();
        fields.push(("max_tokens", tokens_max("Tokens of the answer, at most.")));
        open("A request in Anthropic's form.", fields)
    })
}

/// Messages to count.
pub(crate) fn messages_count() -> Schema {
    named("MessagesToCount", || {
        let mut fields = message_fields();
        fields.push(("max_tokens", tokens_max("Has no effect.").maybe()));
        open("The request whose prompt is counted.", fields)
    })
}

fn message_fields() -> Vec<(&'static str, Schema)> {
    let block = || open("A block.", vec![("type", text("What it is."))]);
    let content = || either([text("A text."), list(block(), "Blocks.")], "What is said.");
    let message = open(
        "A message.",
        vec![
            ("role", word("Who says it.", ["user", "assistant", "system"])),
            ("content", content()),
        ],
    );
    let mut fields = vec![
        ("model", text("The model.").maybe()),
        ("messages", list(message, "The conversation.").within(1, 100_000)),
        ("system", content().about("What the model is told first.").or_null().maybe()),
        ("temperature", drawn("How freely words are drawn.", 2)),
        ("top_p", drawn("From which share of likely words the next is drawn.", 1)),
        ("top_k", whole("From how many words the next is drawn.").or_null().maybe()),
        (
            "stop_sequences",
            list(text("A text."), "Texts at which the answer ends.").or_null().maybe(),
        ),
        ("stream", flag("Whether the answer comes as events while it is made.")),
        (
            "tools",
            list(open("A tool.", vec![("name", text("Its name."))]), "Tools.").or_null().maybe(),
        ),
        (
            "tool_choice",
            open("Whether tools may or have to be called, and which.", Vec::new())
                .or_null()
                .maybe(),
        ),
        ("thinking", open("Whether and how the model thinks.", Vec::new()).or_null().maybe()),
        (
            "output_config",
            open("How hard it thinks, and after which schema it answers.", Vec::new())
                .or_null()
                .maybe(),
        ),
        ("cache_control", open("Where the prompt may be cached.", Vec::new()).or_null().maybe()),
        ("metadata", open("The caller's own user, as `user_id`.", Vec::new()).or_null().maybe()),
    ];
    fields.extend(house());
    fields
}

/// A whole message.
pub(crate) fn message() -> Schema {
    named("Message", || {
        let block =
            open("A text, a call, a piece of thinking.", vec![("type", text("What it is."))]);
        let usage = open(
            "What it used, and what it cost.",
            vec![
                ("input_tokens", whole("Tokens of the prompt that are in no cache.")),
                ("output_tokens", whole("Tokens of the answer.")),
                ("cost", super::dollars("What it cost.")),
            ],
        );
        open(
            "A whole message.",
            vec![
                ("id", text("The generation.")),
                ("type", fixed("message", "What this is.")),
                ("role", fixed("assistant", "Who says it.")),
                ("model", text("The model that answered.")),
                ("provider", text("Who answered.").maybe()),
                ("content", list(block, "What is said, thought and called.")),
                ("stop_reason", text("Why it ended.").or_null()),
                ("stop_sequence", text("The text at which it ended.").or_null()),
                ("usage", usage),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}

/// Tokens of a prompt, as Anthropic tells them.
pub(crate) fn messages_counted() -> Schema {
    object("How long a prompt is.", vec![("input_tokens", whole("Its tokens."))])
}

/// An instant, where a dialect has one.
pub(super) fn made_at() -> Schema {
    instant("When it was made.")
}
