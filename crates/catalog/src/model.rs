//! A model as files write it.

use domain::catalog::{Modality, Model, ModelKind};

use crate::fault::{FaultKind, Place};
use crate::row::Row;
use crate::stealth;

/// A model, and where it was read.
pub(crate) struct ModelRow {
    pub place: Place,
    pub model: Model,
}

/// Reads a `[[model]]`; `None` where it has no usable id.
pub(crate) fn read(row: Row<'_>) -> Option<ModelRow> {
    let id = row.required("id");
    let name = row.text("name");
    let kind: ModelKind = row.word("kind").unwrap_or_default();
    let input = row.words("input_modalities").unwrap_or_else(|| match kind {
        ModelKind::Stt => vec![Modality::Audio],
        _ => vec![Modality::Text],
    });
    let is_stealth = row.flag("stealth").unwrap_or(false);
    let id_or_empty = id.clone().unwrap_or_default();
    let model = Model {
        name: name.unwrap_or_else(|| id_or_empty.clone()),
        kind,
        released: date(&row, "released"),
        knowledge: date(&row, "knowledge"),
        context: row.count("context"),
        max_output: row.count("max_output"),
        dimensions: row.count("dimensions"),
        input_modalities: input,
        output_modalities: row.words("output_modalities").unwrap_or_else(|| vec![written(kind)]),
        open_weights: row.flag("open_weights"),
        reasoning: row.flag("reasoning"),
        tools: row.flag("tools"),
        structured_output: row.flag("structured_output"),
        temperature: row.flag("temperature"),
        tokenizer: row.text("tokenizer"),
        hugging_face_id: row.text("hf"),
        license: row.text("license"),
        permaslug: row.text("permaslug").unwrap_or_else(|| id_or_empty.clone()),
        quality: quality(&row),
        description: row.text("description").unwrap_or_default(),
        stealth: stealth::read(&row, is_stealth),
        id: id_or_empty,
    };
    // Who named the model: for whoever imports, not for those who call it.
    row.text("named_by");
    let place = row.place();
    let usable = id.is_some() && is_id(&model.id);
    if id.is_some() && !usable {
        row.fault("id", FaultKind::BadName, "must be `author/slug`: a-z, 0-9 and . : _ -");
    }
    stealth::check(&row, &model, is_stealth);
    row.finish();
    usable.then_some(ModelRow { place, model })
}

fn quality(row: &Row<'_>) -> Option<u8> {
    let quality = row.count("quality")?;
    let found = u8::try_from(quality).ok().filter(|it| *it <= 100);
    if found.is_none() {
        row.fault("quality", FaultKind::BadValue, "must be from 0 to 100");
    }
    found
}

/// Returns whether a text is `author/slug`.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 120
        && text.split_once('/').is_some_and(|(author, slug)| {
            !author.is_empty()
                && author.bytes().all(plain)
                && !slug.is_empty()
                && slug.bytes().all(|byte| plain(byte) || b".:_".contains(&byte))
        })
}

fn written(kind: ModelKind) -> Modality {
    match kind {
        ModelKind::Embedding => Modality::Embeddings,
        ModelKind::Image => Modality::Image,
        ModelKind::Rerank => Modality::Rerank,
        ModelKind::Tts => Modality::Speech,
        ModelKind::Stt => Modality::Transcription,
        ModelKind::Video => Modality::Video,
        ModelKind::Realtime | ModelKind::Music => Modality::Audio,
        ModelKind::Chat
        | ModelKind::Completion
        | ModelKind::Moderation
        | ModelKind::Ocr
        | ModelKind::Apply => Modality::Text,
    }
}

/// Reads a date of which the day, or month and day, may be unknown.
fn date(row: &Row<'_>, key: &'static str) -> Option<String> {
    let text = row.text(key)?;
    let full = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.clone(),
    };
    if full.parse::<jiff::civil::Date>().is_err() || full.len() != 10 {
        row.fault(key, FaultKind::BadValue, "must be YYYY-MM-DD, YYYY-MM or YYYY");
        return None;
    }
    Some(text)
}
