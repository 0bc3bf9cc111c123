//! Conversations, and counts of their prompts.

use domain::catalog::Dialect;
use domain::failure::FailureKind;

use serde_json::json;

use super::objects::{chat as chats, doors};
use super::row::{EVENTS, Route};
use super::runs::{counts, runs};
use crate::api::{chat, count};
use crate::reference::{Operation, Tag};

pub(super) fn rows() -> Vec<Route> {
    let mut rows = openais();
    rows.extend(anthropics());
    rows
}

fn openais() -> Vec<Route> {
    vec![
        Route::at("/chat/completions").post(
            chat::chat_completions,
            runs(
                Operation::new(
                    "sendChatCompletionRequest",
                    Tag::Chat,
                    "Answers a conversation, whole or as a stream.",
                )
                .about(
                    "As at OpenAI and OpenRouter. With `stream` the answer is server-sent events.",
                )
                .takes(chats::request())
.sample(json!({ "model": "interline/auto", "messages": [{ "role": "user", "content": "Hello" }] }))
                .gives("The answer, or with `stream` its events.", chats::answer())
                .or_as(EVENTS, chats::chunk()),
            ),
        ),
        Route::at("/completions").post(
            chat::completions,
            runs(
                Operation::new(
                    "createCompletions",
                    Tag::Chat,
                    "Continues a text: the legacy form.",
                )
                .takes(chats::legacy())
.sample(json!({ "model": "interline/auto", "prompt": "Once upon a time" }))
                .gives("The answer, or with `stream` its events.", chats::completion())
                .or_as(EVENTS, chats::chunk()),
            ),
        ),
        Route::at("/responses").post(
            chat::responses,
            runs(
                Operation::new(
                    "createResponses",
                    Tag::Responses,
                    "Answers in the form of OpenAI's Responses.",
                )
                .about("Nothing is kept: a conversation is sent whole each time.")
                .takes(doors::responses_request())
.sample(json!({ "model": "interline/auto", "input": "Hello" }))
                .gives("The response, or with `stream` its events.", doors::response())
                .or_as(EVENTS, doors::event()),
            ),
        ),
        Route::at("/responses/input_tokens").post(
            count::responses,
            counted(Operation::new(
                "countResponsesTokens",
                Tag::Responses,
                "Counts the tokens of a prompt, without running or paying a model.",
            ))
            .takes(doors::responses_count())
.sample(json!({ "model": "openai/gpt-5", "input": "Hello" }))
            .gives("The count.", doors::responses_counted()),
        ),
    ]
}

fn anthropics() -> Vec<Route> {
    vec![
        Route::at("/messages").post(
            chat::messages,
            runs(
                Operation::new("createMessages", Tag::Messages, "Answers in Anthropic's form.")
                    .spoken(Dialect::AnthropicMessages)
                    .takes(doors::messages_request())
.sample(json!({ "model": "interline/auto", "max_tokens": 500, "messages": [{ "role": "user", "content": "Hello" }] }))
                    .gives("The message, or with `stream` its events.", doors::message())
                    .or_as(EVENTS, doors::event()),
            ),
        ),
        Route::at("/messages/count_tokens").post(
            count::messages,
            counted(Operation::new(
                "countMessagesTokens",
                Tag::Messages,
                "Counts the tokens of a prompt, without running or paying a model.",
            ))
            .spoken(Dialect::AnthropicMessages)
            .takes(doors::messages_count())
.sample(json!({ "model": "openai/gpt-5", "messages": [{ "role": "user", "content": "Hello" }] }))
            .gives("The count.", doors::messages_counted()),
        ),
    ]
}

/// An operation that counts a prompt.
pub(super) fn counted(operation: Operation) -> Operation {
    counts(operation).fails(&[FailureKind::NotFound])
}
