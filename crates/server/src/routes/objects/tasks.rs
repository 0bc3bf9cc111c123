//! What is no chat: embeddings, rerank, speech, transcription, moderation.

use super::generations::{costs, one_or_many};
use super::metadata;
use super::preferences::{models, provider};
use crate::reference::{
    Schema, anything, either, fixed, list, named, number, object, open, text, truth, whole, word,
};

/// Fields that all tasks have.
pub(super) fn asked() -> Vec<(&'static str, Schema)> {
    vec![
        ("model", text("The model.").maybe()),
        ("models", models()),
        ("provider", provider()),
        ("user", text("The caller's own user.").or_null().maybe()),
    ]
}

fn with(mut fields: Vec<(&'static str, Schema)>) -> Vec<(&'static str, Schema)> {
    let mut all = asked();
    all.append(&mut fields);
    all
}

fn usage(mut counted: Vec<(&'static str, Schema)>) -> Schema {
    counted.extend(costs());
    object("What it used, and what it cost.", counted)
}

/// Texts to embed.
pub(crate) fn embeddings_request() -> Schema {
    named("EmbeddingsRequest", || {
        let input = either(
            [
                text("A text."),
                list(
                    anything("A text, a list of tokens, or parts."),
                    "Several; or the tokens of one.",
                ),
            ],
            "What is embedded.",
        );
        open(
            "What is embedded.",
            with(vec![
                ("input", input),
                (
                    "encoding_format",
                    word("How vectors are written.", ["float", "base64"]).or_null().maybe(),
                ),
                ("dimensions", whole("How long vectors are.").or_null().maybe()),
                (
                    "input_type",
                    text("For what: `search_query`, `search_document` and the like.")
                        .or_null()
                        .maybe(),
                ),
            ]),
        )
    })
}

/// Vectors.
pub(crate) fn embeddings() -> Schema {
    named("Embeddings", || {
        let vector = either(
            [list(number("A number."), "Numbers."), text("Floats in base64.")],
            "The vector.",
        );
        let row = object(
            "A vector.",
            vec![
                ("object", fixed("embedding", "What this is.")),
                ("index", whole("Of which text, from 0.")),
                ("embedding", vector),
            ],
        );
        object(
            "Vectors.",
            vec![
                ("object", fixed("list", "What this is.")),
                ("id", text("The generation.").maybe()),
                ("data", list(row, "The vectors, in the texts' order.")),
                ("model", text("The model that answered.")),
                ("provider", text("Who answered.").maybe()),
                (
                    "usage",
                    usage(vec![
                        ("prompt_tokens", whole("Tokens.")),
                        ("total_tokens", whole("The same.")),
                    ]),
                ),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}

/// Documents to rank.
pub(crate) fn rerank_request() -> Schema {
    named("RerankRequest", || {
        let document = either(
            [text("A text."), open("A text or an image, under that name.", Vec::new())],
            "A document.",
        );
        open(
            "What is ranked.",
            with(vec![
                ("query", text("The question.")),
                ("documents", list(document, "The documents.").within(1, 10_000)),
                (
                    "top_n",
                    Schema::from_json(
                        serde_json::json!({ "type": "integer", "minimum": 1 }),
                        "How many of the first are told; all where nothing is said.",
                    )
                    .or_null()
                    .maybe(),
                ),
                (
                    "return_documents",
                    truth("Whether the documents are told again.").usually(true).or_null().maybe(),
                ),
            ]),
        )
    })
}

/// Documents in order.
pub(crate) fn ranked() -> Schema {
    named("Ranked", || {
        let document = open("The document.", vec![("text", text("Its text.").maybe())]);
        let row = object(
            "A document.",
            vec![
                ("index", whole("Which, from 0.")),
                ("relevance_score", number("How well it answers.")),
                ("document", document.maybe()),
            ],
        );
        object(
            "Documents, the best first.",
            vec![
                ("id", text("The generation.")),
                ("model", text("The model that answered.")),
                ("provider", text("Who answered.").maybe()),
                ("results", list(row, "The documents.")),
                (
                    "usage",
                    usage(vec![
                        ("search_units", whole("Searches.").maybe()),
                        ("total_tokens", whole("Tokens.").maybe()),
                    ]),
                ),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}

/// A text to speak.
pub(crate) fn speech_request() -> Schema {
    named("SpeechRequest", || {
        open(
            "What is spoken.",
            with(vec![
                ("input", text("The text.").within(1, 100_000)),
                ("voice", anything("The voice.").maybe()),
                (
                    "response_format",
                    word("As what.", dialect::registry::speech_formats())
                        .usually("pcm")
                        .or_null()
                        .maybe(),
                ),
                ("speed", number("How fast.").or_null().maybe()),
                (
                    "stream_format",
                    word("Whether sound comes as it is, or in events.", ["audio", "sse"])
                        .usually("audio")
                        .or_null()
                        .maybe(),
                ),
            ]),
        )
    })
}

/// Sound, as it comes.
pub(crate) fn sound() -> Schema {
    Schema::from_json(serde_json::json!({ "type": "string", "format": "binary" }), "Sound.")
}

fn transcript_format() -> Schema {
    word("As what.", dialect::registry::transcript_formats()).usually("json").or_null().maybe()
}

/// A recording in JSON.
pub(crate) fn transcription_request() -> Schema {
    named("TranscriptionRequest", || {
        let audio = open(
            "The recording.",
            vec![
                ("data", text("Its bytes in base64.")),
                ("format", text("Its format.").usually("wav").or_null().maybe()),
            ],
        );
        let mut fields = with(vec![("input_audio", audio)]);
        fields.extend(transcription_fields());
        open("What is transcribed.", fields)
    })
}

/// A recording in a form.
pub(crate) fn transcription_form() -> Schema {
    named("TranscriptionForm", || {
        let file = Schema::from_json(
            serde_json::json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
            "The recording, of at most 25 MiB.",
        );
        let mut fields = vec![("model", text("The model.").maybe()), ("file", file)];
        fields.extend(transcription_fields());
        open("What is transcribed.", fields)
    })
}

fn transcription_fields() -> Vec<(&'static str, Schema)> {
    vec![
        ("language", text("The language that is spoken.").or_null().maybe()),
        ("prompt", text("What is likely to be said.").or_null().maybe()),
        ("temperature", number("How freely words are drawn.").or_null().maybe()),
        ("response_format", transcript_format()),
        ("stream", truth("Whether it comes as events; `json` alone does.").or_null().maybe()),
    ]
}

/// What was said.
pub(crate) fn transcript() -> Schema {
    named("Transcript", || {
        let counted = vec![
            ("type", word("What is counted.", ["tokens", "duration"])),
            ("seconds", number("How long the recording is.")),
            ("input_tokens", whole("Tokens of the prompt.").maybe()),
            ("output_tokens", whole("Tokens of the transcript.").maybe()),
            ("total_tokens", whole("Both.").maybe()),
        ];
        open(
            "What was said. `verbose_json` has more of it, as the provider tells it.",
            vec![
                ("text", text("The words.")),
                ("usage", usage(counted)),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}

/// Texts to judge.
pub(crate) fn moderation_request() -> Schema {
    named("ModerationRequest", || {
        let part =
            either([text("A text."), open("A text or an image.", Vec::new())], "What is judged.");
        open("What is judged.", with(vec![("input", one_or_many(&part, "What is judged."))]))
    })
}

/// Whether they are harmful.
pub(crate) fn moderation() -> Schema {
    named("Moderation", || {
        let result = open(
            "A judgement, as the provider tells it.",
            vec![("flagged", truth("It is harmful."))],
        );
        open(
            "Whether it is harmful.",
            vec![
                ("id", text("The generation.")),
                ("model", text("The model that answered.")),
                ("provider", text("Who answered.").maybe()),
                ("results", list(result, "A judgement of each.")),
                (
                    "usage",
                    usage(vec![
                        ("prompt_tokens", whole("Tokens.")),
                        ("total_tokens", whole("The same.")),
                    ]),
                ),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}
