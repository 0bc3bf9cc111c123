//! Gemini's words.

use crate::reference::{Schema, anything, list, named, number, object, open, text, truth, whole};

/// What a model is asked.
pub(crate) fn request() -> Schema {
    named("GeminiRequest", || open("A request in Gemini's form.", asked()))
}

fn asked() -> Vec<(&'static str, Schema)> {
    let part = open("A text, a call, a file.", Vec::new());
    let turn = || {
        open(
            "A turn.",
            vec![
                ("role", text("Who says it: `user` or `model`.").or_null().maybe()),
                ("parts", list(part.clone(), "What is said.")),
            ],
        )
    };
    vec![
        ("contents", list(turn(), "The conversation.")),
        ("systemInstruction", anything("What the model is told first.").maybe()),
        ("tools", list(open("Tools.", Vec::new()), "The tools that may be called.").maybe()),
        ("toolConfig", open("Whether tools may or have to be called.", Vec::new()).maybe()),
        ("generationConfig", open("How the answer is made.", Vec::new()).maybe()),
    ]
}

/// A whole answer, or an event of one.
pub(crate) fn answer() -> Schema {
    named("GeminiAnswer", || {
        let candidate = open(
            "An answer.",
            vec![
                ("content", open("What is said.", Vec::new()).maybe()),
                ("finishReason", text("Why it ended.").maybe()),
                ("index", whole("Its number, from 0.").maybe()),
            ],
        );
        let used = open(
            "What it used, and what it cost.",
            vec![
                ("promptTokenCount", whole("Tokens of the prompt.").maybe()),
                ("candidatesTokenCount", whole("Tokens of the answer.").maybe()),
                ("totalTokenCount", whole("Both.").maybe()),
            ],
        );
        open(
            "An answer.",
            vec![
                ("candidates", list(candidate, "Answers.").maybe()),
                ("usageMetadata", used.maybe()),
                ("modelVersion", text("The model that answered.").maybe()),
                ("responseId", text("The generation.").maybe()),
            ],
        )
    })
}

/// A prompt to count.
pub(crate) fn count() -> Schema {
    open(
        "The request whose prompt is counted, as it is or under `generateContentRequest`.",
        asked().into_iter().map(|(name, schema)| (name, schema.maybe())).collect(),
    )
}

/// How long it is.
pub(crate) fn counted() -> Schema {
    object("How long a prompt is.", vec![("totalTokens", whole("Its tokens."))])
}

fn to_embed() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "content",
            open("What is embedded.", vec![("parts", list(open("A text.", Vec::new()), "Texts."))]),
        ),
        ("taskType", text("For what.").maybe()),
        ("outputDimensionality", whole("How long the vector is.").maybe()),
    ]
}

/// A text to embed.
pub(crate) fn embed() -> Schema {
    open("What is embedded.", to_embed())
}

/// Texts to embed.
pub(crate) fn embed_all() -> Schema {
    let one = open("What is embedded.", to_embed());
    open("What is embedded.", vec![("requests", list(one, "Texts."))])
}

fn vector() -> Schema {
    open("A vector.", vec![("values", list(number("A number."), "Its numbers."))])
}

/// A vector.
pub(crate) fn embedded() -> Schema {
    open("A vector.", vec![("embedding", vector())])
}

/// Vectors.
pub(crate) fn embedded_all() -> Schema {
    open("Vectors.", vec![("embeddings", list(vector(), "The vectors, in the texts' order."))])
}

/// A model.
pub(crate) fn model() -> Schema {
    named("GeminiModel", || {
        object(
            "A model, in Gemini's words.",
            vec![
                ("name", text("Its name in addresses.")),
                ("baseModelId", text("Its name in requests.")),
                ("version", text("Its name with the date of its release.")),
                ("displayName", text("Its name for people.")),
                ("description", text("What it is.")),
                ("inputTokenLimit", whole("Tokens of prompt and answer together.").or_null()),
                ("outputTokenLimit", whole("Tokens of an answer.").or_null()),
                ("supportedGenerationMethods", list(text("A verb."), "What it can be asked.")),
                ("thinking", truth("It thinks.")),
            ],
        )
    })
}

/// Models.
pub(crate) fn models() -> Schema {
    object("Models.", vec![("models", list(model(), "The models that answer chats here."))])
}
