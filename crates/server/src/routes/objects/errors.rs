//! Failures, as each dialect words them.

use domain::catalog::Dialect;
use domain::failure::FailureKind;

use crate::reference::{
    Schema, anything, fixed, list, map, named, object, open, text, truth, whole, word,
};

/// What a failure looks like in a dialect.
pub(crate) fn error(dialect: Dialect) -> Schema {
    match dialect {
        Dialect::AnthropicMessages => named("AnthropicError", anthropic),
        Dialect::GoogleGemini => named("GeminiError", gemini),
        Dialect::Ollama => named("OllamaError", ollama),
        _ => named("Error", whole_error),
    }
}

fn whole_error() -> Schema {
    let fields = vec![
        ("error", named("ErrorDetail", detail)),
        (
            "openrouter_metadata",
            open("How the request was routed, where that was asked for.", Vec::new()).maybe(),
        ),
    ];
    object("A failure. `docs/errors` tells what to do about it.", fields)
}

fn types() -> Schema {
    word("The stable word for what went wrong.", FailureKind::ALL.map(|kind| kind.wire().1))
}

fn status() -> Schema {
    let mut all = FailureKind::ALL.map(|kind| kind.wire().0).to_vec();
    all.dedup();
    Schema::from_json(
        serde_json::json!({ "type": "integer", "enum": all }),
        "The status of the response.",
    )
}

fn detail() -> Schema {
    object(
        "What went wrong.",
        vec![
            ("code", status()),
            ("message", text("A sentence for people. It may change.")),
            ("metadata", named("ErrorMetadata", metadata)),
            ("param", text("The field of the request that is at fault.").maybe()),
            ("error_type", types().maybe()),
            ("http_status", status().maybe()),
            ("availability", named("Availability", availability).maybe()),
        ],
    )
}

fn metadata() -> Schema {
    let previous = object(
        "An earlier attempt.",
        vec![
            ("provider", text("Who was asked.")),
            ("code", text("What went wrong, in a word.").or_null()),
            ("status", whole("The status that came back.").or_null()),
        ],
    );
    let terms = object(
        "Terms of a stealth model that have to be accepted before it is used.",
        vec![
            ("model", text("The model.")),
            ("terms", text("The terms.")),
            ("terms_hash", text("Their hash, by which they are accepted.")),
            ("accept", open("How they are accepted once and for all.", Vec::new())),
            ("header", open("The header that accepts them for one request.", Vec::new())),
        ],
    );
    object(
        "What programs go by.",
        vec![
            ("error_type", types()),
            ("provider_code", text("The provider's own code for it.").maybe()),
            ("limit_source", text("Whose limit was reached.").maybe()),
            ("headers", map(text("A header's value."), "The headers of that limit.").maybe()),
            ("code", fixed("terms_not_accepted", "Terms have to be accepted.").maybe()),
            ("terms", list(terms, "Which.").maybe()),
            ("previous_errors", list(previous, "Attempts before the last.").maybe()),
            (
                "generation_id",
                text("The generation that the request was, where it was served before.").maybe(),
            ),
        ],
    )
}

fn availability() -> Schema {
    let rejected = object(
        "An endpoint that was left out.",
        vec![
            ("endpoint", text("Its id.")),
            ("excluded_by", list(text("A rule."), "The rules that left it out.")),
        ],
    );
    let change = object(
        "A change of the request.",
        vec![
            ("field", text("The field.")),
            ("to", anything("What it has to be; null where it has to go.")),
        ],
    );
    let constraint = object(
        "A constraint that left nobody.",
        vec![
            ("field", text("Where it stands in the request.")),
            ("detail", text("What would satisfy it.")),
        ],
    );
    object(
        "Why nothing could serve the request.",
        vec![
            ("code", text("The stable word for it, an anchor on the page at `docs_url`.")),
            ("retryable", truth("The same request may work later.")),
            ("retry_after", whole("Seconds to wait before that.").maybe()),
            ("requested_models", list(text("A name."), "What was asked for.")),
            (
                "affected_providers",
                list(text("A provider."), "Who was left out or failed.").maybe(),
            ),
            ("excluded_by", list(text("A rule."), "The rules that left them out.").maybe()),
            ("fallback_models", list(text("A model."), "What is near it.").maybe()),
            ("constraint", constraint.maybe()),
            ("candidates", list(rejected, "What stood in the way of each.").maybe()),
            ("smallest_change", list(change, "The least that would admit one of them.").maybe()),
            ("docs_url", text("Where that is explained.")),
        ],
    )
}

fn anthropic() -> Schema {
    let error = open(
        "What went wrong.",
        vec![
            ("type", text("Anthropic's word for it.")),
            ("message", text("A sentence for people.")),
        ],
    );
    open(
        "A failure, as Anthropic words it.",
        vec![("type", fixed("error", "It is one.")), ("error", error)],
    )
}

fn gemini() -> Schema {
    let error = open(
        "What went wrong.",
        vec![
            ("code", status()),
            ("message", text("A sentence for people.")),
            ("status", text("Google's word for it.")),
        ],
    );
    open("A failure, as Gemini words it.", vec![("error", error)])
}

fn ollama() -> Schema {
    object(
        "A failure, as Ollama words it.",
        vec![
            ("error", text("A sentence for people.")),
            ("metadata", named("ErrorMetadata", metadata)),
        ],
    )
}
