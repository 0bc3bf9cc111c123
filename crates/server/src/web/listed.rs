//! A row of a list, in words.

use domain::catalog::Modality;
use domain::time::Timestamp;
use site::models::Row;
use site::{Link, words};

use super::links;
use super::offer::{per_million, tokens};
use crate::shelf::row;

/// Returns a row in words.
pub(super) fn listed(row: &row::Row) -> Row {
    let mut providers: Vec<&str> =
        row.offers.iter().map(|offer| offer.provider[0].as_str()).collect();
    providers.sort_unstable();
    providers.dedup();
    let able = |name: &str, word: &str| row.parameters.contains(&name).then(|| word.to_owned());
    let mut tags: Vec<String> = [
        able("tools", "tools"),
        able("reasoning", "reasoning"),
        able("structured_outputs", "JSON schema"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let beside_text = row.inputs.iter().filter(|it| **it != Modality::Text);
    tags.extend(beside_text.map(|input| input.word().to_owned()));
    if !row.available {
        tags.push("needs a credential".to_owned());
    }
    Row {
        link: Link { word: row.name.clone(), href: links::model(&row.id) },
        id: row.id.clone(),
        offers: words::count(providers.len(), "provider"),
        tags,
        input: per_million(row.prompt),
        output: per_million(row.completion),
        context: tokens(row.context),
        released: released(row),
    }
}

/// Returns the day of a release.
pub(super) fn released(row: &row::Row) -> String {
    let instant = row.created.map(|seconds| Timestamp::from_ms(seconds * 1_000).to_string());
    instant
        .map_or_else(|| "–".to_owned(), |text| text.chars().take_while(|it| *it != 'T').collect())
}
