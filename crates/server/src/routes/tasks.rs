//! What is no chat.

use serde_json::json;

use super::objects::{images, tasks};
use super::row::{EVENTS, Route};
use super::runs::runs;
use crate::api::operations;
use crate::reference::{Operation, Tag};

/// What speech comes as.
const SOUNDS: [&str; 6] =
    ["audio/pcm", "audio/mpeg", "audio/wav", "audio/ogg", "audio/aac", "audio/flac"];

pub(super) fn rows() -> Vec<Route> {
    vec![
        Route::at("/embeddings").post(
            operations::embeddings,
            runs(
                Operation::new("createEmbeddings", Tag::Embeddings, "Turns texts into vectors.")
                    .takes(tasks::embeddings_request())
.sample(json!({ "model": "openai/text-embedding-3-small", "input": ["Hello"] }))
                    .gives("The vectors.", tasks::embeddings()),
            ),
        ),
        Route::at("/rerank").post(
            operations::rerank,
            runs(
                Operation::new("createRerank", Tag::Rerank, "Puts documents in the order in which they answer a question.")
                    .takes(tasks::rerank_request())
.sample(json!({ "model": "cohere/rerank-v3.5", "query": "What flies?", "documents": ["A heron.", "A stone."] }))
                    .gives("The documents, the best first.", tasks::ranked()),
            ),
        ),
        Route::at("/images").post(operations::images, runs(drawing("createImages"))),
        Route::at("/images/generations").post(
            operations::images,
            runs(drawing("createImageGenerations").about("The same as `POST /images`, where OpenAI's clients look for it.")),
        ),
        Route::at("/audio/speech").post(
            operations::speech,
            runs(
                Operation::new("createAudioSpeech", Tag::Audio, "Speaks a text; the sound comes as it is made.")
                    .about("With `stream_format: \"sse\"` it comes as events, the last of which has usage and cost.")
                    .takes(tasks::speech_request())
.sample(json!({ "model": "openai/tts-1", "input": "Hello", "voice": "alloy" }))
                    .gives_as(200, "The sound.", &SOUNDS, tasks::sound())
                    .or_as(EVENTS, super::objects::doors::event()),
            ),
        ),
        Route::at("/audio/transcriptions").post(
            operations::transcriptions,
            runs(
                Operation::new("createAudioTranscriptions", Tag::Audio, "Writes down what is said in a recording.")
                    .takes(tasks::transcription_request())
.sample(json!({ "model": "openai/whisper-1", "input_audio": { "data": "UklGRg==", "format": "wav" } }))
                    .takes_as("multipart/form-data", tasks::transcription_form())
                    .gives("What was said.", tasks::transcript())
                    .or_as("text/plain", crate::reference::text("The words, or with times as `srt`."))
                    .or_as("text/vtt", crate::reference::text("The words with times."))
                    .or_as(EVENTS, super::objects::doors::event()),
            ),
        ),
        Route::at("/moderations").post(
            operations::moderations,
            runs(
                Operation::new("createModerations", Tag::Moderations, "Judges whether texts are harmful.")
                    .takes(tasks::moderation_request())
.sample(json!({ "model": "openai/omni-moderation-latest", "input": "Hello" }))
                    .gives("The judgements.", tasks::moderation()),
            ),
        ),
    ]
}

fn drawing(id: &'static str) -> Operation {
    Operation::new(id, Tag::Images, "Draws pictures.")
        .takes(images::request())
        .sample(json!({ "model": "openai/gpt-image-1", "prompt": "A heron" }))
        .gives("The images.", images::images())
        .or_as(EVENTS, super::objects::doors::event())
}
