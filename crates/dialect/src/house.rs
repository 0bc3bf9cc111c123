//! The fields of a request that are the house's own, whatever dialect they stand in.
//!
//! OpenRouter's additions (`provider`, `models`, `plugins`, …) are understood in every dialect
//! whose requests are objects that may hold them.

use domain::failure::Failure;
use domain::request::{DocumentForm, Facts};
use serde_json::{Map, Value};

use crate::preferences::{preferences, shown};

/// Models that one request may list.
const MODELS_MAX: usize = 64;
/// Characters of a session's name.
const SESSION_MAX: usize = 256;

/// Plugins that callers may name.
const PLUGINS: [&str; 10] = [
    "web",
    "web-fetch",
    "file-parser",
    "response-healing",
    "context-compression",
    "moderation",
    "auto-router",
    "auto-beta-router",
    "pareto-router",
    "fusion",
];

/// The house's fields, beside `model`, `stream` and `user`, which most dialects have themselves.
pub(crate) const FIELDS: [&str; 9] = [
    "models",
    "provider",
    "route",
    "plugins",
    "preset",
    "session_id",
    "trace",
    "transforms",
    "debug",
];

/// Takes the house's fields out of a body into its facts. What has no effect is added to `ignored`.
///
/// # Errors
/// The caller's, naming the field, where one has a value that makes no sense.
pub(crate) fn take(
    body: &mut Map<String, Value>,
    facts: &mut Facts,
    ignored: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut taken = |name: &str| body.remove(name).filter(|value| !value.is_null());
    if let Some(value) = taken("models") {
        facts.models.extend(models(&value)?);
    }
    if let Some(value) = taken("provider") {
        let must = || Failure::invalid("`provider` has to be an object.").at("provider");
        facts.preferences = preferences(value.as_object().ok_or_else(must)?, ignored)?;
    }
    if taken("route").is_some_and(|value| value == "sort") {
        facts.preferences.sort_across_models = true;
    }
    if let Some(value) = taken("session_id") {
        let text = value.as_str().filter(|text| text.chars().count() <= SESSION_MAX);
        let must =
            || Failure::invalid("`session_id` has to be a string of at most 256 characters.");
        facts.session_id = Some(text.ok_or_else(|| must().at("session_id"))?.to_owned());
    }
    if let Some(value) = taken("transforms") {
        facts.compresses = transforms(&value, ignored)?;
    }
    if let Some(value) = taken("plugins") {
        plugins(&value, facts, ignored)?;
    }
    for (name, why) in WITHOUT_EFFECT {
        if taken(name).is_some() {
            ignored.push(format!("{name}: {why}"));
        }
    }
    Ok(())
}

const WITHOUT_EFFECT: [(&str, &str); 3] = [
    ("preset", "no presets are kept here"),
    ("trace", "requests are not traced to anywhere"),
    ("debug", "what is sent on is not shown"),
];

/// Reads a list of models, in order of preference.
///
/// # Errors
/// When it is none, or too long.
pub(crate) fn models(value: &Value) -> Result<Vec<String>, Failure> {
    let must = || Failure::invalid("`models` has to be a list of at most 64 names.").at("models");
    let list = value.as_array().filter(|list| list.len() <= MODELS_MAX).ok_or_else(must)?;
    list.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(must)).collect()
}

/// Reads the legacy list of transforms. Returns whether prompts are compressed; `None` where that
/// was not said.
///
/// # Errors
/// When it is no list of names.
pub(crate) fn transforms(
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Option<bool>, Failure> {
    let must = || Failure::invalid("`transforms` has to be a list of names.").at("transforms");
    let list = value.as_array().ok_or_else(must)?;
    let mut compresses = list.is_empty().then_some(false);
    for name in list {
        match name.as_str().ok_or_else(must)? {
            MIDDLE_OUT => compresses = Some(true),
            other => ignored.push(format!("transforms.{}: not known", shown(other))),
        }
    }
    Ok(compresses)
}

/// Where a request says how its documents are read.
const ENGINE: &str = "plugins.file-parser.pdf.engine";
/// The one way in which prompts are compressed.
const MIDDLE_OUT: &str = "middle-out";

/// Takes a list of plugins into a request's facts, and names those without effect.
///
/// # Errors
/// When it is none, or names what nobody knows, or what would search the web: an answer without the
/// search would pass for one with it.
pub(crate) fn plugins(
    value: &Value,
    facts: &mut Facts,
    ignored: &mut Vec<String>,
) -> Result<(), Failure> {
    let wrong =
        |param: String, must: &str| Failure::invalid(format!("`{param}` {must}.")).at(param);
    let list = value.as_array().ok_or_else(|| wrong("plugins".to_owned(), "has to be a list"))?;
    for (index, plugin) in list.iter().enumerate() {
        let id = plugin.get("id").and_then(Value::as_str);
        let is_off = plugin.get("enabled") == Some(&Value::Bool(false));
        match id.filter(|id| PLUGINS.contains(id)) {
            Some("context-compression") => {
                let engine = plugin.get("engine").filter(|engine| !engine.is_null());
                if engine.is_some_and(|engine| engine != MIDDLE_OUT) {
                    let must = "has to be `middle-out`";
                    return Err(wrong(format!("plugins[{index}].engine"), must));
                }
                facts.compresses = Some(!is_off);
            }
            Some("file-parser") if is_off => facts.documents = DocumentForm::Native,
            Some("file-parser") => {
                let engine = plugin.get("pdf").and_then(|pdf| pdf.get("engine"));
                let engine = engine.filter(|engine| !engine.is_null());
                facts.documents = match engine.map_or(Some(""), Value::as_str) {
                    Some("") => DocumentForm::Either,
                    Some("native") => DocumentForm::Native,
                    Some("pdf-text") => DocumentForm::Text,
                    // What nobody runs here is done by the means that there are, and said.
                    Some("cloudflare-ai") => {
                        ignored.push(format!("{ENGINE}: read by `pdf-text` instead"));
                        DocumentForm::Text
                    }
                    Some("mistral-ocr") => {
                        let why = "no pictures are recognised here; read by `pdf-text`";
                        ignored.push(format!("{ENGINE}: {why}"));
                        DocumentForm::Either
                    }
                    _ => {
                        let must = "has to be one of native, pdf-text, cloudflare-ai, mistral-ocr";
                        return Err(wrong(format!("plugins[{index}].pdf.engine"), must));
                    }
                }
            }
            Some(_) if is_off => (),
            Some("response-healing") => facts.heals = true,
            Some("web" | "web-fetch") => {
                let must = "cannot be web or web-fetch: nothing is searched here";
                return Err(wrong(format!("plugins[{index}].id"), must));
            }
            Some(id) => ignored.push(format!("plugins.{id}: this plugin does not run here")),
            None => {
                let said = id.map(|id| format!(", not {}", shown(id))).unwrap_or_default();
                let must = format!("has to be one of {}{said}", PLUGINS.join(", "));
                return Err(wrong(format!("plugins[{index}].id"), &must));
            }
        }
    }
    Ok(())
}
