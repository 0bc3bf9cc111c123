//! The dialect's verbs.
use super::{read, stream, whole};
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::script::Script;
use crate::wire::dialect::{StreamWriter, Wire};
use crate::wire::openai;

/// `/v1/chat/completions`.
pub(crate) struct OpenAiChat;

impl Wire for OpenAiChat {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        read::ask(body)
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        whole::whole(answer, script)
    }

    fn stream(&self, ask: &Ask, answer: &Answer, script: &Script) -> Box<dyn StreamWriter> {
        Box::new(stream::ChunkWriter::new(ask, answer, script))
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error(refusal)
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error_event(refusal)
    }
}
