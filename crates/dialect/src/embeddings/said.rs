//! What endpoints answer, in each form: the vectors as they stand, and what was used.

use domain::failure::Failure;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ask::Form;
use crate::error;
use crate::task::count;

/// What an endpoint answered.
pub(super) struct Said {
    /// The vectors in the order of the texts, as JSON.
    pub(super) vectors: Vec<Box<RawValue>>,
    /// Prompt tokens, where they were told.
    pub(super) tokens: Option<u32>,
    /// The answer's id.
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
struct OpenAi {
    #[serde(default)]
    data: Vec<Item>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    id: Value,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Box<RawValue>,
}

#[derive(Deserialize)]
struct Gemini {
    #[serde(default)]
    embeddings: Vec<Values>,
    #[serde(default, rename = "usageMetadata")]
    usage: Value,
}

#[derive(Deserialize)]
struct Values {
    values: Box<RawValue>,
    #[serde(default)]
    statistics: Value,
}

#[derive(Deserialize)]
struct Vertex {
    #[serde(default)]
    predictions: Vec<Prediction>,
}

#[derive(Deserialize)]
struct Prediction {
    embeddings: Values,
}

#[derive(Deserialize)]
struct Cohere {
    embeddings: Option<Typed>,
    #[serde(default)]
    meta: Value,
    #[serde(default)]
    id: Value,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    float: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Ollama {
    #[serde(default)]
    embeddings: Vec<Box<RawValue>>,
    #[serde(default)]
    prompt_eval_count: Value,
}

/// Reads an answer.
///
/// # Errors
/// When it is none, or carries an error.
pub(super) fn read(form: Form, body: &[u8]) -> Result<Said, Failure> {
    let said = match form {
        Form::OpenAi => parse(body).map(openai),
        Form::Gemini => parse(body).map(gemini),
        Form::Vertex => parse(body).map(vertex),
        Form::Cohere => parse(body).map(cohere),
        Form::Ollama => parse(body).map(ollama),
    };
    match said {
        Some(said) if !said.vectors.is_empty() => Ok(said),
        _ => {
            let value: Value = serde_json::from_slice(body).unwrap_or_default();
            Err(match error::is_one(&value) {
                true => error::inside(&value),
                false => error::nonsense("holds no vectors"),
            })
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

fn openai(answer: OpenAi) -> Said {
    let OpenAi { mut data, usage, id } = answer;
    if data.iter().all(|item| item.index.is_some()) {
        data.sort_by_key(|item| item.index);
    }
    let tokens = ["prompt_tokens", "input_tokens", "total_tokens"];
    Said {
        vectors: data.into_iter().map(|item| item.embedding).collect(),
        tokens: tokens.iter().find_map(|name| count(&usage[*name]).filter(|it| 0 < *it)),
        id: id.as_str().map(str::to_owned),
    }
}

fn gemini(answer: Gemini) -> Said {
    let tokens = count(&answer.usage["promptTokenCount"]).filter(|it| 0 < *it);
    let vectors = answer.embeddings.into_iter().map(|it| it.values).collect();
    Said { vectors, tokens, id: None }
}

fn vertex(answer: Vertex) -> Said {
    let counts = answer.predictions.iter();
    let tokens = counts
        .map(|it| it.embeddings.statistics["token_count"].as_f64().map(|it| it as u32))
        .sum::<Option<u32>>();
    let vectors = answer.predictions.into_iter().map(|it| it.embeddings.values).collect();
    Said { vectors, tokens: tokens.filter(|it| 0 < *it), id: None }
}

fn cohere(answer: Cohere) -> Said {
    Said {
        vectors: answer.embeddings.map(|it| it.float).unwrap_or_default(),
        tokens: count(&answer.meta["billed_units"]["input_tokens"]),
        id: answer.id.as_str().map(str::to_owned),
    }
}

fn ollama(answer: Ollama) -> Said {
    let tokens = count(&answer.prompt_eval_count).filter(|it| 0 < *it);
    Said { vectors: answer.embeddings, tokens, id: None }
}
