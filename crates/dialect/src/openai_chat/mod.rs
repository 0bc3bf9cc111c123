//! OpenAI's chat completions: the dialect of most callers and most hosts.

mod answer;
mod ask;
mod body;
mod calls;
mod canonical;
mod decoder;
mod encoder;
mod fields;
mod found;
mod lane;
mod messages;
mod mistral;
mod outgoing;
mod parts;
mod read;
mod rules;
mod shape;
mod speaker;
mod stream;
mod tail;
mod thinking;
mod usage;
mod verbatim;
mod whole;

pub(crate) use fields::described;
pub(crate) use speaker::OPENAI_CHAT;
