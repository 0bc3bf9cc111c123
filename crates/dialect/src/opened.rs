//! The body of a request that is no chat: opened, and the house's fields taken out of it.

use std::sync::Arc;

use bytes::Bytes;
use domain::failure::Failure;
use domain::operation::Operation;
use domain::request::Facts;
use serde_json::{Map, Value};

use crate::door::Door;
use crate::house;
use crate::request::Request;
use crate::task::Task;

/// A body, opened.
#[derive(Debug)]
pub(crate) struct Opened {
    /// What admission and planning know of it.
    pub(crate) facts: Facts,
    /// Fields without effect, with the reason.
    pub(crate) ignored: Vec<String>,
    /// The caller's fields, but for the model's and the house's.
    pub(crate) fields: Map<String, Value>,
    /// What only one provider gets, by its slug: `provider.options`.
    pub(crate) options: Map<String, Value>,
}

impl Opened {
    /// Returns the request of a task.
    pub(crate) fn request(self, door: &Door, body: Bytes, task: Arc<dyn Task>) -> Request {
        let mut request = Request::new(self.facts, door.dialect(), body);
        request.ignored = self.ignored;
        request.task = Some(task);
        request
    }
}

/// Opens a body: reads it as JSON and takes the house's fields out of it.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn open(body: &[u8], operation: Operation) -> Result<Opened, Failure> {
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    take(fields, operation)
}

/// Takes the house's fields out of a body that was read.
///
/// # Errors
/// As [`open`].
pub(crate) fn take(
    mut fields: Map<String, Value>,
    operation: Operation,
) -> Result<Opened, Failure> {
    let mut facts = Facts { operation, choices: 1, output_tokens_max: Some(0), ..Facts::default() };
    let mut ignored = Vec::new();
    let must = |name: &str| Failure::invalid(format!("`{name}` has to be a string.")).at(name);
    let mut text = |name: &'static str| match fields.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(must(name)),
    };
    facts.models.extend(text("model")?.filter(|name| !name.is_empty()));
    facts.user = text("user")?;
    let options = fields
        .get_mut("provider")
        .and_then(|it| it.as_object_mut()?.shift_remove("options"))
        .and_then(|it| if let Value::Object(options) = it { Some(options) } else { None });
    house::take(&mut fields, &mut facts, &mut ignored)?;
    Ok(Opened { facts, ignored, fields, options: options.unwrap_or_default() })
}
