//! Rerank: documents that share more words with the query come first.
use super::asked::{json, list, text, whole};
use super::dialect::{StreamWriter, Wire};
use super::media::Mute;
use super::openai;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::script::{Script, UsagePlace};
use serde_json::{Value, json};

/// The hosts whose forms are known.
#[derive(Clone, Copy)]
pub(crate) enum Rerank {
    Jina,
    Cohere,
}

impl Wire for Rerank {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        let query = text(&body["query"]);
        let said = |it: &Value| text(if it.is_string() { it } else { &it["text"] }).to_owned();
        let documents: Vec<String> = list(&body["documents"]).iter().map(said).collect();
        if query.is_empty() || documents.is_empty() {
            return Err(openai::refused("documents", "There is nothing to rank."));
        }
        let strange = list(&body["documents"]).iter().any(|it| !it.is_string());
        if matches!(self, Rerank::Cohere) && strange {
            return Err(Refusal::new(400, "documents have to be strings"));
        }
        Ok(Ask {
            model: text(&body["model"]).to_owned(),
            prompt_bytes: documents.iter().map(String::len).sum::<usize>() + query.len(),
            user_text: query.to_owned(),
            about: json!({
                "query": query, "documents": documents,
                "top": whole(&body["top_n"]).or_else(|| whole(&body["top_k"])),
            }),
            ..Ask::default()
        })
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let about = &answer.about;
        let wanted: Vec<String> = words(text(&about["query"]));
        let score = |it: &Value| {
            let own = words(text(it));
            let shared = wanted.iter().filter(|it| own.contains(it)).count();
            shared as f64 / wanted.len().max(1) as f64
        };
        let mut ranked: Vec<(usize, f64)> =
            list(&about["documents"]).iter().map(score).enumerate().collect();
        ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let top = about["top"].as_u64().map_or(usize::MAX, |it| it as usize);
        let results: Vec<Value> = ranked
            .iter()
            .take(top)
            .map(|(index, score)| json!({"index": index, "relevance_score": score}))
            .collect();
        let tells = script.usage != UsagePlace::Never;
        let mut body = json!({"id": format!("r{:016x}", answer.number), "results": results});
        match self {
            _ if !tells => (),
            Rerank::Jina => body["usage"] = json!({"total_tokens": answer.usage.prompt}),
            Rerank::Cohere => body["meta"] = json!({"billed_units": {"search_units": 1}}),
        }
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

fn words(text: &str) -> Vec<String> {
    text.split(|it: char| !it.is_alphanumeric())
        .filter(|it| !it.is_empty())
        .map(str::to_lowercase)
        .collect()
}
