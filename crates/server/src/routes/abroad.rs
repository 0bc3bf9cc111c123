//! Models in the words of Gemini and of Ollama.

use domain::catalog::Dialect;
use domain::failure::FailureKind;
use http::Method;
use serde_json::{Value, json};

use super::chats::counted;
use super::objects::{gemini as words, ollama as lines};
use super::row::{EVENTS, LINES, Route};
use super::runs::runs;
use crate::api::{chat, models, operations};
use crate::reference::{Access, Base, Operation, Tag, text, word};

/// Gemini's.
pub(super) fn gemini() -> Vec<Route> {
    vec![
        Route::at("/v1beta/models").below(Base::Gemini).get(
            models::geminis,
            Operation::new(
                "listGeminiModels",
                Tag::Gemini,
                "Lists the models that answer chats here.",
            )
            .by(Access::Anybody)
            .spoken(Dialect::GoogleGemini)
            .gives("The models.", words::models()),
        ),
        further(
            Route::at("/v1beta/models/{*rest}")
                .below(Base::Gemini)
                .get(
                    models::geminis_one,
                    geminis("getGeminiModel", "Tells what is known of a model.")
                        .by(Access::Anybody)
                        .shown_at("/v1beta/models/{model}")
                        .gives("The model.", words::model()),
                )
                .post(
                    chat::gemini,
                    runs(geminis("generateContent", "Answers a conversation."))
                        .shown_at("/v1beta/models/{model}:generateContent")
                        .takes(words::request())
                        .sample(said())
                        .gives("The answer.", words::answer()),
                )
                .also(
                    Method::POST,
                    runs(geminis("streamGenerateContent", "Answers a conversation as a stream."))
                        .shown_at("/v1beta/models/{model}:streamGenerateContent")
                        .asks(
                            "alt",
                            word("`sse` asks for events instead of one list.", ["sse", "json"])
                                .maybe(),
                        )
                        .takes(words::request())
                        .sample(said())
                        .gives(
                            "The pieces.",
                            crate::reference::list(words::answer(), "The pieces."),
                        )
                        .or_as(EVENTS, words::answer()),
                ),
        ),
    ]
}

/// What else a model can be asked.
fn further(row: Route) -> Route {
    row.also(
        Method::POST,
        counted(geminis(
            "countTokens",
            "Counts the tokens of a prompt, without running or paying a model.",
        ))
        .shown_at("/v1beta/models/{model}:countTokens")
        .takes(words::count())
        .sample(said())
        .gives("The count.", words::counted()),
    )
    .also(
        Method::POST,
        runs(geminis("embedContent", "Turns a text into a vector."))
            .shown_at("/v1beta/models/{model}:embedContent")
            .takes(words::embed())
            .sample(json!({ "content": { "parts": [{ "text": "Hello" }] } }))
            .gives("The vector.", words::embedded()),
    )
    .also(
        Method::POST,
        runs(geminis("batchEmbedContents", "Turns texts into vectors."))
            .shown_at("/v1beta/models/{model}:batchEmbedContents")
            .takes(words::embed_all())
            .sample(json!({ "requests": [{ "content": { "parts": [{ "text": "Hello" }] } }] }))
            .gives("The vectors.", words::embedded_all()),
    )
}

fn said() -> Value {
    json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hello" }] }] })
}

fn geminis(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, Tag::Gemini, summary)
        .about("The key may also be in the query, as `key`.")
        .spoken(Dialect::GoogleGemini)
        .at("model", text("The model, with its slash.").such_as("google/gemini-2.5-flash"))
}

/// Ollama's.
pub(super) fn ollama() -> Vec<Route> {
    vec![
        Route::at("/chat").below(Base::Ollama).post(
            chat::ollama_chat,
            runs(
                ollamas(
                    "sendOllamaChat",
                    "Answers a conversation, line by line unless `stream` is false.",
                )
                .takes(lines::chat())
.sample(json!({ "model": "interline/auto", "messages": [{ "role": "user", "content": "Hello" }] }))
                .gives("The answer.", lines::chat_answer())
                .or_as(LINES, lines::chat_answer()),
            ),
        ),
        Route::at("/generate").below(Base::Ollama).post(
            chat::ollama_generate,
            runs(
                ollamas(
                    "sendOllamaPrompt",
                    "Answers a prompt, line by line unless `stream` is false.",
                )
                .takes(lines::generate())
.sample(json!({ "model": "interline/auto", "prompt": "Hello" }))
                .gives("The answer.", lines::generated())
                .or_as(LINES, lines::generated()),
            ),
        ),
        Route::at("/embed").below(Base::Ollama).post(
            operations::ollama_embed,
            runs(
                ollamas("embedWithOllama", "Turns texts into vectors.")
                    .takes(lines::embed())
.sample(json!({ "model": "openai/text-embedding-3-small", "input": ["Hello"] }))
                    .gives("The vectors.", lines::embedded()),
            ),
        ),
        Route::at("/tags").below(Base::Ollama).get(
            models::ollamas,
            ollamas("listOllamaModels", "Lists the models that answer chats here.")
                .by(Access::Anybody)
                .gives("The models.", lines::models()),
        ),
        Route::at("/show").below(Base::Ollama).post(
            models::ollamas_one,
            ollamas("showOllamaModel", "Tells what a model can do.")
                .by(Access::Anybody)
                .takes(lines::which())
.sample(json!({ "model": "openai/gpt-5" }))
                .fails(&[FailureKind::NotFound])
                .gives("What it can do.", lines::shown()),
        ),
        Route::at("/version").below(Base::Ollama).get(
            models::ollamas_version,
            ollamas("getOllamaVersion", "Tells whose API is spoken.")
                .by(Access::Anybody)
                .gives("The versions.", lines::version()),
        ),
    ]
}

fn ollamas(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, Tag::Ollama, summary).spoken(Dialect::Ollama)
}
