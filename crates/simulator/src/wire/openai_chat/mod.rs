//! OpenAI's chat completions: the dialect most providers speak.
mod chat;
mod parts;
mod read;
mod stream;
mod whole;

pub(super) use chat::OpenAiChat;
