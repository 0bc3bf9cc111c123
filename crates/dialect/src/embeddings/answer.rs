//! An answer with vectors, as each kind of caller reads it.

use std::sync::Arc;

use bytes::Bytes;
use domain::failure::Failure;
use domain::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::ask::{Ask, Form, Input, Shape};
use super::said;
use super::vector::written;
use crate::error;
use crate::exchange::{Receipt, Stamp};
use crate::once::Whole;
use crate::task::{prompt_usage, usage};
use crate::write::push_value;

/// What has to be known to read an answer and write it.
pub(super) struct Answering {
    form: Form,
    shape: Shape,
    packed: bool,
    inputs: Arc<Vec<Input>>,
    stamp: Stamp,
}

#[derive(Serialize)]
struct Item<'a> {
    object: &'static str,
    index: usize,
    embedding: &'a RawValue,
}

#[derive(Serialize)]
struct OpenAi<'a> {
    id: &'a str,
    object: &'static str,
    model: &'a str,
    provider: &'a str,
    data: Vec<Item<'a>>,
    usage: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    openrouter_metadata: Option<&'a Value>,
}

#[derive(Serialize)]
struct Values<'a> {
    values: &'a RawValue,
}

impl Answering {
    pub(super) fn new(ask: &Ask, form: Form, stamp: Stamp) -> Answering {
        Answering { form, shape: ask.shape, packed: ask.packed, inputs: ask.inputs.clone(), stamp }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// When it is none, or does not hold a vector for each text.
    pub(super) fn read(&self, body: &Bytes) -> Result<Whole, Failure> {
        let said = said::read(self.form, body)?;
        if said.vectors.len() != self.inputs.len() {
            return Err(error::nonsense("does not hold a vector for each text"));
        }
        let vectors: Vec<Box<RawValue>> = said
            .vectors
            .into_iter()
            .map(|it| written(it, self.packed))
            .collect::<Result<_, _>>()?;
        let count = || self.inputs.iter().map(Input::tokens).fold(0, u32::saturating_add);
        let used = prompt_usage(said.tokens, count);
        let (shape, stamp) = (self.shape, self.stamp.clone());
        Ok(Whole::new(used, said.id, move |receipt, _| write(shape, &stamp, &vectors, receipt)))
    }
}

fn write(shape: Shape, stamp: &Stamp, vectors: &[Box<RawValue>], receipt: &Receipt) -> Vec<u8> {
    let Usage { input, .. } = receipt.usage;
    let mut out = Vec::new();
    match shape {
        Shape::OpenAi => {
            let item = |(index, it)| Item { object: "embedding", index, embedding: it };
            let data = vectors.iter().map(|it| &**it).enumerate().map(item).collect();
            let answer = OpenAi {
                id: &stamp.id,
                object: "list",
                model: &stamp.model,
                provider: &stamp.provider,
                data,
                usage: usage(receipt, json!({"prompt_tokens": input, "total_tokens": input})),
                openrouter_metadata: receipt.metadata.as_ref(),
            };
            push_value(&mut out, &answer);
        }
        Shape::Gemini { is_list } => {
            let values: Vec<Values<'_>> = vectors.iter().map(|it| Values { values: it }).collect();
            match (is_list, values.as_slice()) {
                (false, [one, ..]) => push_value(&mut out, &Named("embedding", one)),
                _ => push_value(&mut out, &Named("embeddings", &values)),
            }
        }
        Shape::Ollama => push_value(
            &mut out,
            &Ollama {
                model: &stamp.model,
                embeddings: vectors,
                total_duration: 0,
                load_duration: 0,
                prompt_eval_count: input,
            },
        ),
    }
    out
}

#[derive(Serialize)]
struct Ollama<'a> {
    model: &'a str,
    embeddings: &'a [Box<RawValue>],
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u32,
}

/// An object of one member.
struct Named<T>(&'static str, T);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, &self.1)])
    }
}
