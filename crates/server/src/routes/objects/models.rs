//! Models and their prices.

use domain::catalog::Modality;

use super::{data, day};
use crate::reference::{
    Schema, fixed, instant, list, named, object, open, text, truth, whole, word,
};
use crate::shelf::reasoning::EFFORTS;

/// A model.
pub(crate) fn model() -> Schema {
    named("Model", whole_model)
}

fn whole_model() -> Schema {
    object("A model.", fields())
}

fn fields() -> Vec<(&'static str, Schema)> {
    let top = object(
        "Limits of the endpoint with the lowest price.",
        vec![
            ("context_length", whole("Tokens of prompt and answer together.").or_null()),
            ("max_completion_tokens", whole("Tokens of an answer.").or_null()),
            ("is_moderated", truth("Whether the provider moderates; always false.")),
        ],
    );
    let links = object("Where to read on.", vec![("details", text("Its endpoints."))]);
    let mut fields = vec![
        ("id", text("Its name in requests.").such_as("openai/gpt-5")),
        ("canonical_slug", text("Its name with the date of its release; it never means another.")),
        (
            "hugging_face_id",
            text("Its name at Hugging Face, where the weights are open.").or_null(),
        ),
        ("name", text("Its name for people.")),
        ("created", whole("Seconds since 1970 at which it was released; 0 where nobody knows.")),
        ("description", text("What it is.")),
        ("context_length", whole("Tokens of prompt and answer together.").or_null()),
        ("architecture", named("Architecture", architecture)),
        ("pricing", named("Pricing", pricing)),
        ("top_provider", top),
        ("per_request_limits", nothing()),
        ("supported_parameters", parameters()),
        ("default_parameters", nothing()),
        ("supported_voices", nothing()),
        ("knowledge_cutoff", day("What it knows of ends about here.").or_null()),
        ("expiration_date", nothing()),
        ("links", links),
        ("available", truth("Whether it can be called here.")),
        ("reasoning", named("Reasoning", reasoning).maybe()),
    ];
    fields.extend(launch());
    fields
}

/// What is said of stealth models, and of models that were some.
pub(super) fn launch() -> Vec<(&'static str, Schema)> {
    let stealth = object(
        "What is accepted before this stealth model is used.",
        vec![("terms", text("The terms.")), ("terms_hash", text("Their hash."))],
    );
    let cloak = object(
        "A name that it had.",
        vec![("id", text("The name.")), ("until", instant("Until when it had it."))],
    );
    vec![
        ("stealth", stealth.maybe()),
        ("cloaked", list(cloak, "The stealth models that it was.").maybe()),
    ]
}

fn nothing() -> Schema {
    Schema::from_json(serde_json::json!({ "type": "null" }), "There is none.")
}

/// Names of parameters.
pub(super) fn parameters() -> Schema {
    let names = dialect::registry::PARAMETERS.iter().copied();
    list(word("A parameter.", names), "The optional parameters that have an effect.")
}

/// A kind of what models read and write.
pub(crate) fn modality() -> Schema {
    word("A kind of content.", Modality::ALL.map(Modality::word))
}

/// What a model reads and writes.
pub(super) fn architecture() -> Schema {
    object(
        "What it reads and writes.",
        vec![
            ("modality", text("Both in short.").such_as("text+image->text")),
            ("input_modalities", list(modality(), "What it reads.")),
            ("output_modalities", list(modality(), "What it writes.")),
            ("tokenizer", text("The family of its tokenizer; `Other` where it is not known.")),
            ("instruct_type", nothing()),
        ],
    )
}

/// The classes of a price, in OpenRouter's words.
fn classes() -> Vec<(&'static str, Schema)> {
    let price = |of: &str| text(&format!("Dollars for {of}, an exact decimal.")).maybe();
    vec![
        ("request", price("a request")),
        ("image", price("an image that is read")),
        ("image_output", price("an image that is drawn")),
        ("audio", price("a token of sound that is heard")),
        ("audio_output", price("a token of sound that is spoken")),
        ("web_search", price("a search")),
        ("internal_reasoning", price("a token of thinking")),
        ("input_cache_read", price("a prompt token that comes from a cache")),
        ("input_cache_write", price("a prompt token that is put into a cache")),
        ("input_cache_write_1h", price("one that is put there for an hour")),
        ("citation", price("a token of what is cited")),
        ("minute", price("a minute of sound")),
        ("character", price("a character")),
    ]
}

/// A price.
pub(super) fn pricing() -> Schema {
    let mut exception = vec![
        ("utc_start", whole("From when on, as a clock shows it: 1630.").maybe()),
        ("utc_end", whole("Until when, as a clock shows it.").maybe()),
        (
            "days",
            list(text("`mon` to `sun`."), "On which days; on all where none is said.").maybe(),
        ),
        ("holidays", list(day("A day."), "Days on which it holds all day.").maybe()),
        ("min_prompt_tokens", whole("For prompts of at least so many tokens.").maybe()),
        ("prompt", text("Dollars for a prompt token.").maybe()),
        ("completion", text("Dollars for a token of an answer.").maybe()),
    ];
    exception.extend(classes());
    let exception = object("A price that holds at some hours, or for long prompts.", exception);
    let mut fields = vec![
        ("prompt", text("Dollars for a prompt token; null where nobody knows.").or_null()),
        (
            "completion",
            text("Dollars for a token of an answer; null where nobody knows.").or_null(),
        ),
        ("discount", fixed(0, "There is none.").maybe()),
        ("overrides", list(exception, "Other prices; the later one wins.").maybe()),
    ];
    fields.extend(classes());
    object("What is charged now, for a short prompt.", fields)
}

fn reasoning() -> Schema {
    let efforts =
        list(word("An effort.", EFFORTS), "The efforts that are known, from high to low.");
    object(
        "How its thinking is controlled.",
        vec![
            ("mandatory", truth("It cannot be turned off.")),
            (
                "supported_efforts",
                efforts.about("From high to low; null where none is listed.").or_null(),
            ),
            ("supports_max_tokens", fixed(true, "It takes a budget.").maybe()),
        ],
    )
}

/// A list of models, as OpenRouter has it.
pub(crate) fn models() -> Schema {
    let next = text("The address of the next page; null on the last.").or_null();
    object(
        "Models.",
        vec![
            ("data", list(model(), "The models.")),
            ("total_count", whole("How many there are on all pages.")),
            ("links", object("Where the rest is.", vec![("next", next)])),
        ],
    )
}

/// A page of models, as Anthropic has it.
pub(crate) fn anthropics() -> Schema {
    named("AnthropicModels", || {
        open(
            "A page of models, for callers that send `anthropic-version`.",
            vec![
                ("data", list(named("AnthropicModel", anthropic), "The models.")),
                ("has_more", truth("There are more.")),
                ("first_id", text("The first of the page.").or_null()),
                ("last_id", text("The last of the page.").or_null()),
            ],
        )
    })
}

/// A model, as Anthropic has it.
pub(crate) fn anthropics_one() -> Schema {
    named("AnthropicModel", anthropic)
}

fn anthropic() -> Schema {
    object(
        "A model, in Anthropic's words.",
        vec![
            ("type", fixed("model", "It is one.")),
            ("id", text("Its name in requests.")),
            ("display_name", text("Its name for people.")),
            ("created_at", instant("When it was released.")),
            ("max_input_tokens", whole("Tokens of prompt and answer together.").or_null()),
            ("max_tokens", whole("Tokens of an answer.").or_null()),
        ],
    )
}

/// A model, as OpenAI's clients retrieve it: with all that is known.
pub(crate) fn retrieved() -> Schema {
    named("RetrievedModel", || {
        let mut fields = fields();
        fields.push(("object", fixed("model", "It is one.")));
        fields.push(("owned_by", text("Its author.")));
        object("A model, with OpenAI's fields beside.", fields)
    })
}

/// How many models there are.
pub(crate) fn count() -> Schema {
    data(object("A number of models.", vec![("count", whole("How many."))]))
}
