//! Chat completions, and their legacy form.

use dialect::registry::chat_fields;

use super::generations::usage;
use super::preferences::{models, plugins, provider};
use super::{metadata, one_of};
use crate::reference::{
    Schema, anything, either, fixed, list, named, open, text, truth, whole, word,
};

/// A chat request: the fields of the table by which requests are read.
pub(crate) fn request() -> Schema {
    named("ChatRequest", || {
        let fields = chat_fields().filter(|(name, _)| !LEGACY.contains(name));
        open(ABOUT, fields.map(|(name, shape)| (name, field(name, shape, "messages"))).collect())
    })
}

/// A request in the legacy form.
pub(crate) fn legacy() -> Schema {
    named("CompletionRequest", || {
        let fields = chat_fields().filter(|(name, _)| *name != "messages");
        open(ABOUT, fields.map(|(name, shape)| (name, field(name, shape, "prompt"))).collect())
    })
}

const ABOUT: &str = "A request. Which optional fields have an effect depends on the endpoint: \
    `docs/dialects` has the table. Fields that are not known go on to endpoints that take them, and are \
    named in `X-Interline-Dropped` where none does.";

/// Fields of the legacy form alone.
const LEGACY: [&str; 4] = ["best_of", "echo", "prompt", "suffix"];

/// Returns a field: as the table has it, or told more of where it says little.
fn field(name: &str, shape: serde_json::Value, needed: &str) -> Schema {
    let said = said(name);
    match name {
        "messages" if needed == name => {
            list(named("ChatMessage", message), said).within(1, 100_000)
        }
        "prompt" if needed == name => {
            either([text("A text."), list(anything("A text."), "Several.")], said)
        }
        "provider" => provider(),
        "models" => models(),
        "plugins" => plugins(),
        "tools" => list(named("Tool", tool), said).or_null().maybe(),
        "reasoning" => named("ReasoningRequest", reasoning).or_null().maybe(),
        "response_format" => {
            open(said, vec![("type", word("Which.", ["text", "json_object", "json_schema"]))])
                .or_null()
                .maybe()
        }
        "stop" => {
            either([text("A text."), list(text("A text."), "Several.")], said).or_null().maybe()
        }
        _ => {
            let schema = Schema::from_json(shape, said).maybe();
            // What may be anything may be null as it is.
            if schema.json().get("type").is_some() { schema.or_null() } else { schema }
        }
    }
}

/// Says what a field of a chat request means.
fn said(name: &str) -> &'static str {
    let found = SAID.iter().find(|(own, _)| *own == name);
    found.map_or("", |(_, said)| said)
}

const SAID: [(&str, &str); 61] = [
    ("audio", "Voice and format of a spoken answer."),
    ("best_of", "Answers of which the best is told."),
    ("cache_control", "Where the prompt may be cached, for how long."),
    ("debug", "Has no effect."),
    ("echo", "Whether the prompt is told again."),
    ("frequency_penalty", "How much words are avoided that were said often."),
    ("function_call", "The older form of `tool_choice`."),
    ("functions", "The older form of `tools`."),
    ("image_config", "How an image is drawn."),
    ("include_reasoning", "The older form of `reasoning`: whether thinking is told."),
    ("logit_bias", "How likely tokens are made, by their numbers."),
    ("logprobs", "Whether the probabilities of tokens are told."),
    ("max_completion_tokens", "Tokens of the answer, at most; thinking counts."),
    ("max_tokens", "The same, by its older name."),
    ("max_tool_calls", "Has no effect: no tools are run here."),
    ("messages", "The conversation."),
    ("metadata", "Has no effect."),
    ("min_p", "The least probability of a word, against the most likely."),
    ("modalities", "What the answer is made of."),
    ("model", "The model, by its id, another of its names, or a router's: `interline/auto`."),
    ("models", "Models in order of preference."),
    ("n", "How many answers."),
    ("parallel_tool_calls", "Whether several tools may be called at once."),
    ("plugins", "What is done besides."),
    ("prediction", "What the answer is likely to be."),
    ("presence_penalty", "How much words are avoided that were said at all."),
    ("preset", "Has no effect: no presets are kept here."),
    ("prompt", "The prompt, in the legacy form."),
    ("prompt_cache_key", "What prompts with the same beginning have in common."),
    ("prompt_cache_options", "How OpenAI caches the prompt."),
    ("provider", "Who may be asked, and in which order."),
    ("reasoning", "Whether and how the model thinks."),
    ("reasoning_effort", "How hard the model thinks."),
    ("repetition_penalty", "How much words are avoided that were said, as a factor."),
    ("response_format", "Whether the answer is JSON, and after which schema."),
    ("route", "`sort` sorts across all `models`; `fallback` has no effect."),
    ("safety_identifier", "A hash of the caller's own user."),
    ("seed", "Makes answers repeatable, where a provider can."),
    ("service_tier", "`priority` asks endpoints that have it as a price of its own."),
    ("session_id", "The conversation; its requests stay where its prompt cache is."),
    ("stop", "Texts at which the answer ends."),
    ("stop_server_tools_when", "Has no effect: no tools are run here."),
    ("store", "Whether OpenAI keeps the answer."),
    ("stream", "Whether the answer comes as events while it is made."),
    ("stream_options", "How a stream tells what it used; it always does."),
    ("structured_outputs", "Whether a schema is kept to."),
    ("suffix", "What follows the answer."),
    ("temperature", "How freely words are drawn."),
    ("tool_choice", "Whether tools may or have to be called, and which."),
    ("tools", "The tools that may be called."),
    ("top_a", "The least probability of a word, against the square of the most likely."),
    ("top_k", "From how many words the next is drawn."),
    ("top_logprobs", "How many likely tokens are told in each place."),
    ("top_p", "From which share of likely words the next is drawn."),
    ("trace", "Has no effect: requests are traced to nowhere."),
    ("transforms", "The older form of the plugin `context-compression`."),
    ("usage", "Has no effect: what was used is always told."),
    ("user", "The caller's own user."),
    ("verbosity", "How long the answer is."),
    ("web_search_options", "How a model searches that searches by itself."),
    ("x_search_filter", "How xAI's models search."),
];

fn message() -> Schema {
    let part =
        open("A part: a text, an image, a sound, a file.", vec![("type", text("What it is."))]);
    let content =
        either([text("A text."), list(part, "Parts.")], "What is said.").or_null().maybe();
    open(
        "A message.",
        vec![
            (
                "role",
                word(
                    "Who says it.",
                    ["system", "developer", "user", "assistant", "tool", "function"],
                ),
            ),
            ("content", content),
            ("name", text("The name of who says it.").or_null().maybe()),
            (
                "tool_calls",
                list(named("ToolCall", call), "Tools that were called.").or_null().maybe(),
            ),
            ("tool_call_id", text("Which call this is the result of.").or_null().maybe()),
            ("reasoning", text("What was thought.").or_null().maybe()),
            ("reasoning_details", details().or_null().maybe()),
        ],
    )
}

fn details() -> Schema {
    list(
        open("A piece of thinking.", vec![("type", text("What it is."))]),
        "What was thought, as its provider signed it; it is sent back as it came.",
    )
}

fn tool() -> Schema {
    let function = open(
        "A function.",
        vec![
            ("name", text("Its name.")),
            ("description", text("What it does.").or_null().maybe()),
            ("parameters", open("Its arguments, as JSON Schema.", Vec::new()).or_null().maybe()),
            ("strict", truth("Whether the schema is kept to.").or_null().maybe()),
        ],
    );
    open(
        "A tool.",
        vec![("type", text("What it is.").such_as("function")), ("function", function.maybe())],
    )
}

fn call() -> Schema {
    let function = open(
        "What is called.",
        vec![("name", text("Its name.")), ("arguments", text("Its arguments, as JSON."))],
    );
    open(
        "A call of a tool.",
        vec![
            ("id", text("Its id.")),
            ("type", text("What it is.").maybe()),
            ("function", function),
        ],
    )
}

fn reasoning() -> Schema {
    let (_, efforts) = chat_fields()
        .find(|(name, _)| *name == "reasoning_effort")
        .unwrap_or(("reasoning_effort", serde_json::json!({ "type": "string" })));
    open(
        "Whether and how the model thinks.",
        vec![
            ("effort", Schema::from_json(efforts, "How hard.").or_null().maybe()),
            ("max_tokens", whole("Tokens of thinking, at most.").or_null().maybe()),
            ("exclude", truth("Whether it is kept out of the answer.").or_null().maybe()),
            ("enabled", truth("Whether it thinks at all.").or_null().maybe()),
        ],
    )
}

fn finish() -> Schema {
    use domain::event::FinishReason::{ContentFilter, Error, Length, Stop, ToolCalls};
    let words = [Stop, Length, ToolCalls, ContentFilter, Error].map(|it| it.word());
    one_of("Why it ended.", &words).or_null()
}

fn choice(said: &str, what: Vec<(&'static str, Schema)>) -> Schema {
    let mut fields = vec![
        ("index", whole("Its number, from 0.")),
        ("logprobs", anything("Probabilities of tokens.").maybe()),
        ("finish_reason", finish()),
        ("native_finish_reason", text("The same, in the provider's word.").or_null().maybe()),
    ];
    fields.extend(what);
    open(said, fields)
}

fn head(object: &'static str, choices: Schema) -> Vec<(&'static str, Schema)> {
    vec![
        ("id", text("The generation.")),
        ("object", fixed(object, "What this is.")),
        ("created", whole("Seconds since 1970.")),
        ("model", text("The model that answered.")),
        ("provider", text("Who answered.").maybe()),
        ("choices", choices),
        ("system_fingerprint", text("The provider's mark of its system.").or_null().maybe()),
        ("service_tier", text("The provider's tier.").or_null().maybe()),
        ("openrouter_metadata", metadata()),
    ]
}

/// A whole answer.
pub(crate) fn answer() -> Schema {
    named("ChatAnswer", || {
        let said = named("ChatAnswerMessage", || {
            open(
                "What was said.",
                vec![
                    ("role", fixed("assistant", "Who said it.")),
                    ("content", text("The text.").or_null()),
                    ("refusal", text("Why nothing is said.").or_null().maybe()),
                    ("reasoning", text("What was thought.").or_null().maybe()),
                    ("reasoning_details", details().or_null().maybe()),
                    (
                        "tool_calls",
                        list(named("ToolCall", call), "Tools that are called.").or_null().maybe(),
                    ),
                    (
                        "annotations",
                        list(open("A source.", Vec::new()), "Sources.").or_null().maybe(),
                    ),
                    ("images", list(open("An image.", Vec::new()), "Images.").or_null().maybe()),
                ],
            )
        });
        let mut fields = head(
            "chat.completion",
            list(choice("An answer.", vec![("message", said)]), "Answers."),
        );
        fields.push(("usage", usage()));
        open("A whole answer.", fields)
    })
}

/// An event of a stream.
pub(crate) fn chunk() -> Schema {
    named("ChatChunk", || {
        let delta = open("What is new.", vec![("content", text("More text.").or_null().maybe())]);
        let mut fields = head(
            "chat.completion.chunk",
            list(choice("What is new of an answer.", vec![("delta", delta)]), "Answers."),
        );
        fields.push(("usage", usage().maybe()));
        open(
            "The data of a server-sent event; the last event is `[DONE]`, the one before it has `usage`.",
            fields,
        )
    })
}

/// A whole answer in the legacy form.
pub(crate) fn completion() -> Schema {
    named("CompletionAnswer", || {
        let said = vec![
            ("text", text("The text.")),
            ("reasoning", text("What was thought.").or_null().maybe()),
        ];
        let mut fields = head("text_completion", list(choice("An answer.", said), "Answers."));
        fields.push(("usage", usage()));
        open("A whole answer in the legacy form.", fields)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_by_which_requests_are_read_is_told_and_no_other() {
        let told: BTreeSet<&str> = SAID.iter().map(|(name, _)| *name).collect();
        let read: BTreeSet<&str> = chat_fields().map(|(name, _)| name).collect();
        assert_eq!(told, read);
    }

    #[test]
    fn every_optional_parameter_of_the_contract_is_a_field() {
        let read: BTreeSet<&str> = chat_fields().map(|(name, _)| name).collect();
        for name in dialect::registry::PARAMETERS {
            assert!(read.contains(name), "{name}");
        }
    }
}
