//! Where a request wants to go: fields that every dialect has.

use super::dollars;
use crate::reference::{
    Schema, anything, either, list, named, number, object, open, text, truth, word,
};

/// The fields of the house, by which every dialect's requests say where they want to go.
pub(super) fn house() -> Vec<(&'static str, Schema)> {
    vec![
        ("models", models()),
        ("provider", provider()),
        ("plugins", plugins()),
        (
            "session_id",
            text("The conversation; its requests stay where its prompt cache is.")
                .within(0, 256)
                .or_null()
                .maybe(),
        ),
    ]
}

/// Models to fall back on.
pub(super) fn models() -> Schema {
    let names = list(
        text("A model."),
        "Models in order of preference; where none can serve, the next is asked.",
    );
    names.within(0, 64).or_null().maybe()
}

/// Plugins.
pub(super) fn plugins() -> Schema {
    let plugin = open("A plugin.", vec![("id", text("Its name.").such_as("file-parser"))]);
    list(plugin, "What is done besides: `response-healing`, `context-compression`, `file-parser`.")
        .or_null()
        .maybe()
}

/// The `provider` object.
pub(super) fn provider() -> Schema {
    named("ProviderPreferences", || {
        let mut fields = who();
        fields.extend(how());
        open("Who may be asked, and in which order. `docs/routing` tells what it comes to.", fields)
    })
    .or_null()
    .maybe()
}

fn flag(said: &str) -> Schema {
    truth(said).or_null().maybe()
}

fn names(said: &str) -> Schema {
    list(text("A name."), said).within(0, 256).or_null().maybe()
}

fn who() -> Vec<(&'static str, Schema)> {
    let kept = word("Whether prompts may be kept.", ["allow", "deny"]);
    let stored =
        list(word("A way.", dialect::registry::quantizations()), "How weights are stored.");
    let own = "Fields for one provider alone, by its slug; for what is no chat.";
    vec![
        ("order", names("Who is asked first: providers, or their endpoints.")),
        ("only", names("Who alone may be asked.")),
        ("ignore", names("Who may not be asked.")),
        ("allow_fallbacks", flag("Whether others than those of `order` may be asked.")),
        ("require_parameters", flag("Whether every parameter has to have its effect.")),
        ("data_collection", kept.or_null().maybe()),
        ("zdr", flag("Whether nothing of a prompt may be kept.")),
        ("quantizations", stored.or_null().maybe()),
        ("enforce_distillable_text", flag("Whether the answer may be trained on.")),
        ("options", open(own, Vec::new()).or_null().maybe()),
    ]
}

fn how() -> Vec<(&'static str, Schema)> {
    let sort = || word("By what.", ["price", "throughput", "latency", "exacto"]);
    let partition = word("Whether models come before it.", ["model", "none"]);
    let sorted = object(
        "By what, and across which.",
        vec![("by", sort().or_null().maybe()), ("partition", partition.or_null().maybe())],
    );
    let prices = ["prompt", "completion", "request", "image", "audio"]
        .map(|it| (it, anything("Dollars, of tokens for a million.").maybe()));
    let dearest = open("The dearest that may be asked.", prices.into());
    vec![
        ("sort", either([sort(), sorted], "In which order.").or_null().maybe()),
        ("max_price", dearest.or_null().maybe()),
        ("preferred_min_throughput", bound("Tokens a second, at least; others come later.")),
        ("preferred_max_latency", bound("Seconds to the first token, at most; others come later.")),
        ("resume", flag("Whether a stream that breaks goes on elsewhere.")),
        ("hedge", flag("Whether a second endpoint is asked beside a slow one.")),
    ]
}

fn bound(said: &str) -> Schema {
    let points = ["p50", "p75", "p90", "p99"].map(|it| (it, number("A bound.").or_null().maybe()));
    let points = object("Of points of the distribution.", points.into());
    either([number("Of the median."), points], said).or_null().maybe()
}

/// A number of dollars, where it is known before the answer comes.
pub(crate) fn cost() -> Schema {
    dollars("What it costs, where that is known before the answer begins.").maybe()
}
