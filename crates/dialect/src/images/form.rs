//! OpenAI's form of a request for images.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::catalog::{Dialect, Endpoint, Modality};
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::answer::Answering;
use super::ask::Ask;
use crate::exchange::{Exchange, Stamp, Target};
use crate::multipart::{self, Part};
use crate::once::Once;
use crate::task::{cannot, fitted, wire};

/// Returns whether endpoints of a dialect can be asked for images in this form.
pub(crate) fn is_spoken(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::OpenaiImages | Dialect::OpenaiChat | Dialect::AzureOpenai)
}

/// Returns whether an endpoint's model draws and does nothing else.
pub(super) fn draws_only(endpoint: &Endpoint) -> bool {
    endpoint.dialect == Dialect::OpenaiImages
        || !endpoint.output_modalities.contains(&Modality::Text)
}

/// What the form knows.
const KNOWN: [&str; 12] = [
    "prompt",
    "n",
    "size",
    "quality",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "style",
    "response_format",
    "seed",
    "input_fidelity",
];

/// Returns how an endpoint is asked.
///
/// # Errors
/// When the form has no way to say what the request insists on.
pub(super) fn exchange(
    ask: &Ask,
    target: Target<'_>,
    stamp: &Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    let mut fields = ask.fields.clone();
    sized(&mut fields);
    let mut dropped = Vec::new();
    let body = fitted(&fields, &ask.options, target, &KNOWN, &mut dropped);
    let wire = match ask.references.as_slice() {
        [] => wire("/images/generations", &body, target, dropped),
        references => {
            let mut wire = wire("/images/edits", &Map::new(), target, dropped);
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let mut parts: Vec<Part> =
                body.iter().map(|(name, value)| Part::text(name, text(value))).collect();
            for (place, reference) in references.iter().enumerate() {
                parts.push(file(reference, place)?);
            }
            let (content_type, form) = multipart::write(&parts, &stamp.id);
            wire.body = form;
            wire.headers.push(("content-type".into(), content_type));
            wire
        }
    };
    let answering = Answering::new(ask, target, stamp);
    Ok(Once::exchange(wire, move |body| answering.read(body)))
}

/// Says OpenRouter's words for a size, `resolution` and `aspect_ratio`, in the form's own.
fn sized(fields: &mut Map<String, Value>) {
    let size = fields.get("size").and_then(Value::as_str);
    let asked = |name: &str| fields.get(name).and_then(Value::as_str);
    let resolution = asked("resolution").or(size.filter(|it| it.ends_with('K'))).unwrap_or("1K");
    let ratio = asked("aspect_ratio");
    let says = size.is_some_and(|it| it.ends_with('K'))
        || ratio.is_some()
        || asked("resolution").is_some();
    if !says || resolution != "1K" {
        return;
    }
    let side = |text: &str| text.parse::<f64>().ok();
    let of = ratio.and_then(|it| it.split_once(':')).and_then(|(w, h)| Some(side(w)? / side(h)?));
    let size = match of {
        Some(of) if 1.0 < of => "1536x1024",
        Some(of) if of < 1.0 => "1024x1536",
        _ => "1024x1024",
    };
    fields.insert("size".to_owned(), json!(size));
    fields.shift_remove("resolution");
    fields.shift_remove("aspect_ratio");
}

/// Returns an image to start from as a file of a form.
fn file(reference: &str, place: usize) -> Result<Part, Failure> {
    let cannot = |detail: &str| cannot("input_references", detail);
    let data = reference.strip_prefix("data:").and_then(|it| it.split_once(";base64,"));
    let (kind, data) = data.ok_or_else(|| {
        cannot("This model's provider takes images to start from as data: addresses in base64.")
    })?;
    let bytes =
        STANDARD.decode(data).map_err(|_| cannot("An image to start from is no base64."))?;
    let plain = kind.bytes().all(|it| it.is_ascii_alphanumeric() || b"/+-.".contains(&it));
    let ending = kind.rsplit(['/', '+']).next().filter(|_| plain).unwrap_or("png");
    Ok(Part {
        name: "image[]".to_owned(),
        file_name: Some(format!("image-{place}.{ending}")),
        content_type: plain.then(|| kind.to_owned()),
        body: Bytes::from(bytes),
    })
}

/// Returns what an endpoint can be told, by OpenRouter's descriptors.
pub(crate) fn parameters(endpoint: &Endpoint) -> Vec<(String, Value)> {
    let words = |values: &[&str]| json!({"type": "enum", "values": values});
    let range = |min: u32, max: u32| json!({"type": "range", "min": min, "max": max});
    let mut told = match draws_only(endpoint) {
        true => vec![
            ("n", range(1, 10)),
            ("resolution", words(&["1K"])),
            ("aspect_ratio", words(&["1:1", "3:2", "2:3"])),
            ("quality", words(&["auto", "low", "medium", "high"])),
            ("background", words(&["auto", "transparent", "opaque"])),
            ("output_format", words(&["png", "jpeg", "webp"])),
            ("output_compression", range(0, 100)),
        ],
        false => vec![
            ("resolution", words(&["1K", "2K", "4K"])),
            ("aspect_ratio", words(&CHAT_RATIOS)),
            ("seed", json!({"type": "boolean"})),
        ],
    };
    if endpoint.input_modalities.contains(&Modality::Image) {
        told.push(("input_references", range(0, 16)));
    }
    told.into_iter().map(|(name, what)| (name.to_owned(), what)).collect()
}

/// The ratios that Gemini draws in.
const CHAT_RATIOS: [&str; 10] =
    ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];
