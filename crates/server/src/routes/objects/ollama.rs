//! Ollama's words.

use super::doors::made_at;
use crate::reference::{
    Schema, anything, either, fixed, instant, list, map, named, number, object, open, text, truth,
    whole,
};

fn asked() -> Vec<(&'static str, Schema)> {
    vec![
        ("model", text("The model.")),
        ("stream", truth("Whether the answer comes line by line.").usually(true).or_null().maybe()),
        ("format", anything("`json`, or a JSON Schema.").maybe()),
        ("options", open("How words are drawn.", Vec::new()).or_null().maybe()),
        ("think", anything("Whether and how hard it thinks.").maybe()),
    ]
}

/// A chat.
pub(crate) fn chat() -> Schema {
    let message = open(
        "A message.",
        vec![("role", text("Who says it.")), ("content", text("What is said.").maybe())],
    );
    let mut fields = asked();
    fields.push(("messages", list(message, "The conversation.")));
    fields.push((
        "tools",
        list(open("A tool.", Vec::new()), "The tools that may be called.").or_null().maybe(),
    ));
    open("A request in Ollama's form.", fields)
}

/// A prompt.
pub(crate) fn generate() -> Schema {
    let mut fields = asked();
    fields.push(("prompt", text("The prompt.").or_null().maybe()));
    fields.push(("system", text("What the model is told first.").or_null().maybe()));
    fields.push(("images", list(text("Bytes in base64."), "Images.").or_null().maybe()));
    open("A request in Ollama's form.", fields)
}

fn answered() -> Vec<(&'static str, Schema)> {
    let count = |said: &str| whole(said).maybe();
    vec![
        ("model", text("The model that answered.")),
        ("created_at", made_at()),
        ("done", truth("It is the last line.")),
        ("done_reason", text("Why it ended.").maybe()),
        ("prompt_eval_count", count("Tokens of the prompt.")),
        ("eval_count", count("Tokens of the answer.")),
    ]
}

/// An answer to a chat, or a line of one.
pub(crate) fn chat_answer() -> Schema {
    named("OllamaChatAnswer", || {
        let mut fields = answered();
        fields.push(("message", open("What is said.", vec![("role", text("Who says it."))])));
        open("An answer; of a stream, a line of it.", fields)
    })
}

/// An answer to a prompt, or a line of one.
pub(crate) fn generated() -> Schema {
    named("OllamaAnswer", || {
        let mut fields = answered();
        fields.push(("response", text("What is said.")));
        open("An answer; of a stream, a line of it.", fields)
    })
}

/// Texts to embed.
pub(crate) fn embed() -> Schema {
    open(
        "What is embedded.",
        vec![
            ("model", text("The model.")),
            ("input", either([text("A text."), list(text("A text."), "Several.")], "The texts.")),
        ],
    )
}

/// Vectors.
pub(crate) fn embedded() -> Schema {
    open(
        "Vectors.",
        vec![
            ("model", text("The model that answered.")),
            ("embeddings", list(list(number("A number."), "A vector."), "The vectors.")),
        ],
    )
}

fn details() -> Schema {
    object(
        "What it is made of, as far as that is known.",
        vec![
            ("parent_model", text("Empty.")),
            ("format", text("Empty.")),
            ("family", text("The family of its tokenizer.")),
            ("families", list(text("A family."), "The same.")),
            ("parameter_size", text("Empty.")),
            ("quantization_level", text("Empty.")),
        ],
    )
}

/// Models.
pub(crate) fn models() -> Schema {
    let model = object(
        "A model, in Ollama's words.",
        vec![
            ("name", text("Its name.")),
            ("model", text("The same.")),
            ("modified_at", instant("When it was released.")),
            ("size", fixed(0, "Nothing of it lies here.")),
            ("digest", text("A hash of its name.")),
            ("details", details()),
        ],
    );
    object("Models.", vec![("models", list(model, "The models that answer chats here."))])
}

/// Which model is shown.
pub(crate) fn which() -> Schema {
    let name = |said: &str| text(said).or_null().maybe();
    open(
        "Which.",
        vec![("model", name("The model.")), ("name", name("The same, by its older name."))],
    )
}

/// What a model can do.
pub(crate) fn shown() -> Schema {
    object(
        "What a model can do.",
        vec![
            ("details", details()),
            ("modified_at", instant("When it was released.")),
            ("model_info", map(anything("A fact."), "Facts.")),
            ("capabilities", list(text("A word."), "What it can do.")),
        ],
    )
}

/// The version.
pub(crate) fn version() -> Schema {
    object(
        "Versions.",
        vec![
            ("version", text("Of Ollama, whose API is spoken.")),
            ("interline", text("Of Interline.")),
        ],
    )
}
