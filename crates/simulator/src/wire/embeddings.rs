//! Embeddings, in the forms of several hosts. A vector is drawn from the text that it stands for.
use super::asked::{json, list, text};
use super::dialect::{StreamWriter, Wire};
use super::media::Mute;
use super::openai;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::draw::digest;
use crate::script::{Script, UsagePlace};
use serde_json::{Value, json};

/// The hosts whose forms are known.
#[derive(Clone, Copy)]
pub(crate) enum Embeddings {
    OpenAi,
    Gemini,
    Vertex,
    Cohere,
    Ollama,
}

/// Length of a vector where none is asked for.
const LENGTH: u64 = 8;

impl Wire for Embeddings {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        let texts: Vec<String> = match self {
            Embeddings::OpenAi | Embeddings::Ollama => match &body["input"] {
                Value::Array(items) if items.iter().any(Value::is_string) => {
                    items.iter().map(|it| text(it).to_owned()).collect()
                }
                Value::Array(items) if items.iter().all(Value::is_u64) => {
                    vec![body["input"].to_string()]
                }
                Value::Array(items) => items.iter().map(Value::to_string).collect(),
                one => vec![text(one).to_owned()],
            },
            Embeddings::Gemini => list(&body["requests"])
                .iter()
                .map(|it| text(&it["content"]["parts"][0]["text"]).to_owned())
                .collect(),
            Embeddings::Vertex => {
                list(&body["instances"]).iter().map(|it| text(&it["content"]).to_owned()).collect()
            }
            Embeddings::Cohere => {
                if !body["input_type"].is_string() || !body["embedding_types"].is_array() {
                    return Err(Refusal::new(400, "input_type and embedding_types are required"));
                }
                list(&body["texts"]).iter().map(|it| text(it).to_owned()).collect()
            }
        };
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            return Err(openai::refused("input", "Invalid 'input': it holds nothing."));
        }
        let dimensions = [
            &body["dimensions"],
            &body["output_dimension"],
            &body["requests"][0]["outputDimensionality"],
            &body["parameters"]["outputDimensionality"],
        ];
        let length = dimensions.into_iter().find_map(Value::as_u64).unwrap_or(LENGTH).min(4096);
        Ok(Ask {
            model: text(&body["model"]).to_owned(),
            prompt_bytes: texts.iter().map(String::len).sum(),
            user_text: texts.concat(),
            about: json!({
                "texts": texts, "length": length, "packed": body["encoding_format"] == "base64",
            }),
            ..Ask::default()
        })
    }

    fn read_at(&self, path: &str, body: &[u8]) -> Result<Ask, Refusal> {
        let ask = self.read(body)?;
        match path.rsplit_once("/models/").and_then(|(_, rest)| rest.split_once(':')) {
            Some((model, _)) => Ok(Ask { model: model.to_owned(), ..ask }),
            None => Ok(ask),
        }
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let tells = script.usage != UsagePlace::Never;
        let tokens = answer.usage.prompt;
        let texts = list(&answer.about["texts"]);
        let length = answer.about["length"].as_u64().unwrap_or(LENGTH);
        let vectors: Vec<Vec<f32>> = texts.iter().map(|it| vector(text(it), length)).collect();
        let body = match self {
            Embeddings::OpenAi => {
                let packed = answer.about["packed"] == true;
                let data: Vec<Value> = vectors
                    .iter()
                    .enumerate()
                    .map(|(index, vector)| {
                        let embedding = if packed { pack(vector) } else { json!(vector) };
                        json!({"object": "embedding", "index": index, "embedding": embedding})
                    })
                    .collect();
                let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
                let usage = if tells { usage } else { Value::Null };
                json!({"object": "list", "data": data, "model": answer.model, "usage": usage})
            }
            Embeddings::Gemini => {
                let values: Vec<Value> = vectors.iter().map(|it| json!({"values": it})).collect();
                json!({"embeddings": values})
            }
            Embeddings::Vertex => {
                let one = |it: &Vec<f32>| {
                    let statistics = json!({"token_count": tokens as f64, "truncated": false});
                    json!({"embeddings": {"values": it, "statistics": statistics}})
                };
                json!({"predictions": vectors.iter().map(one).collect::<Vec<Value>>()})
            }
            Embeddings::Cohere => json!({
                "id": format!("e{:016x}", answer.number),
                "embeddings": {"float": vectors},
                "meta": {"billed_units": {"input_tokens": tokens}},
            }),
            Embeddings::Ollama => json!({
                "model": answer.model, "embeddings": vectors, "prompt_eval_count": tokens,
            }),
        };
        body.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, _: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Mute)
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error(refusal)
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error_event(refusal)
    }
}

fn vector(text: &str, length: u64) -> Vec<f32> {
    let seed = digest(text.as_bytes());
    let number = |place: u64| {
        let drawn = seed.rotate_left((place % 64) as u32) ^ place.wrapping_mul(0x9e37_79b9);
        (drawn % 2_001) as f32 / 1_000.0 - 1.0
    };
    (0..length).map(number).collect()
}

/// Little-endian floats in base64.
fn pack(vector: &[f32]) -> Value {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Vec<u8> = vector.iter().flat_map(|it| it.to_le_bytes()).collect();
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let packed = three.iter().fold(0_u32, |sum, it| (sum << 8) | u32::from(*it));
        let packed = packed << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(packed >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= three.len() { letter as char } else { '=' });
        }
    }
    json!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_packed_as_base64() {
        assert_eq!(pack(&[0.5, -2.0]), "AAAAPwAAAMA=");
    }
}
