//! An answer to a request to rerank.

use std::sync::Arc;

use bytes::Bytes;
use domain::failure::Failure;
use domain::usage::Usage;
use serde_json::{Value, json};

use crate::error;
use crate::exchange::{Receipt, Stamp};
use crate::once::Whole;
use crate::task::{count, length, usage, with_metadata};
use crate::tokens::of_text;

/// Documents that one search bills (Cohere's documentation).
pub(super) const DOCUMENTS_PER_SEARCH: u32 = 100;
/// What has to be known to read an answer and write it.
pub(super) struct Answering {
    pub(super) query: String,
    pub(super) documents: Arc<Vec<Value>>,
    pub(super) top: Option<usize>,
    pub(super) shows_documents: bool,
    pub(super) bills_searches: bool,
    pub(super) stamp: Stamp,
}

impl Answering {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is none, or ranks what was not sent.
    pub(super) fn read(&self, body: &Bytes) -> Result<Whole, Failure> {
        let answer: Value = serde_json::from_slice(body)
            .map_err(|_| error::nonsense("holds what cannot be read"))?;
        let ranked = answer.get("results").or_else(|| answer.get("data")).and_then(Value::as_array);
        let Some(ranked) = ranked else {
            return Err(match error::is_one(&answer) {
                true => error::inside(&answer),
                false => error::nonsense("holds no results"),
            });
        };
        let mut results: Vec<(usize, f64)> = ranked
            .iter()
            .map(|it| self.result(it))
            .collect::<Option<_>>()
            .ok_or_else(|| error::nonsense("ranks what was not sent"))?;
        results.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        results.truncate(self.top.unwrap_or(usize::MAX));
        let results: Vec<Value> = results.into_iter().map(|it| self.shown(it)).collect();
        let stamp = self.stamp.clone();
        let id = answer["id"].as_str().map(str::to_owned);
        let used = self.used(&answer);
        Ok(Whole::new(used, id, move |receipt, _| write(&stamp, results, receipt)))
    }

    fn result(&self, result: &Value) -> Option<(usize, f64)> {
        let place = usize::try_from(result["index"].as_u64()?).ok()?;
        let score = result.get("relevance_score").or_else(|| result.get("score"))?.as_f64()?;
        (place < self.documents.len()).then_some((place, score))
    }

    fn shown(&self, (place, score): (usize, f64)) -> Value {
        let mut shown = json!({"index": place, "relevance_score": score});
        if self.shows_documents {
            let document = &self.documents[place];
            shown["document"] =
                if document.is_string() { json!({"text": document}) } else { document.clone() };
        }
        shown
    }

    /// Returns what was used, by what the provider tells.
    fn used(&self, answer: &Value) -> Usage {
        let (meta, told) = (&answer["meta"], &answer["usage"]);
        let tokens = [
            &told["prompt_tokens"],
            &told["total_tokens"],
            &meta["tokens"]["input_tokens"],
            &meta["billed_units"]["input_tokens"],
        ];
        let tokens = tokens.into_iter().find_map(count);
        let searches = [&meta["billed_units"]["search_units"], &told["search_units"]];
        let searches = searches
            .into_iter()
            .find_map(|it| it.as_f64().filter(|it| 0.0 < *it).map(|it| it.ceil() as u16));
        let is_estimated = if self.bills_searches { searches.is_none() } else { tokens.is_none() };
        let requests = match self.bills_searches {
            true => searches.unwrap_or_else(|| searches_estimated(self.documents.len())),
            false => searches.unwrap_or(0),
        };
        let input = tokens.unwrap_or_else(|| if self.bills_searches { 0 } else { self.counted() });
        Usage { input, requests, estimated: is_estimated, ..Usage::default() }
    }

    /// Returns the tokens of all documents, each with the query.
    fn counted(&self) -> u32 {
        let query = of_text(&self.query, None);
        let text = |it: &Value| of_text(it.as_str().or(it["text"].as_str()).unwrap_or(""), None);
        self.documents.iter().map(|it| text(it).saturating_add(query)).fold(0, u32::saturating_add)
    }
}

fn write(stamp: &Stamp, results: Vec<Value>, receipt: &Receipt) -> Vec<u8> {
    let Usage { input, requests, .. } = receipt.usage;
    let mut counted = json!({});
    if 0 < requests {
        counted["search_units"] = json!(requests);
    }
    if 0 < input {
        counted["total_tokens"] = json!(input);
    }
    let mut body = json!({
        "id": stamp.id,
        "model": stamp.model,
        "provider": stamp.provider,
        "results": results,
        "usage": usage(receipt, counted),
    });
    with_metadata(&mut body, receipt);
    body.to_string().into_bytes()
}

/// Returns the searches that a request is billed as, where a provider does not tell.
fn searches_estimated(documents: usize) -> u16 {
    let searches = length(documents).div_ceil(DOCUMENTS_PER_SEARCH);
    u16::try_from(searches).unwrap_or(u16::MAX)
}
