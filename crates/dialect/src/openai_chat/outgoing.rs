//! The request as an endpoint gets it: the caller's bytes, with the few fields changed that have to
//! be.
//!
//! Fields are copied in the caller's order, so that a prompt that was cached stays cached.

use std::borrow::Cow;

use bytes::Bytes;
use domain::catalog::{Endpoint, Modality};
use domain::failure::Failure;
use domain::quirk::StreamUsage;
use domain::request::Facts;
use serde_json::{Value, json};

use super::fields::{Fate, known};
use super::messages::{Edits, edit_tools};
use super::read::invalid;
use super::rules::{calls_tools, follows_openai, is_listed, is_sent, limit_name};
use super::thinking::wish;
use crate::address::segment;
use crate::exchange::{Target, Wire};
use crate::json::{push_member, push_string, push_value};
use crate::request::{Field, Request};

/// The path of every chat request.
const PATH: &str = "/chat/completions";
/// The limit that is sent where the endpoint insists on one and nobody says which.
const OUTPUT_TOKENS_DEFAULT: u32 = 4096;

/// Writes the caller's request for an endpoint.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn wire(request: &Request, target: Target<'_>) -> Result<Wire, Failure> {
    let endpoint = target.endpoint;
    let wish = wish(request.facts.reasoning.as_ref(), endpoint, request.facts.output_tokens_max)?;
    let edits = Edits::of(request, endpoint);
    let mut writer = Writer {
        request,
        target,
        edits,
        body: Vec::with_capacity(request.body.len() + 256),
        dropped: Vec::new(),
        written: Vec::new(),
    };
    writer.body.push(b'{');
    writer.open("model");
    push_string(&mut writer.body, &endpoint.upstream_model);
    for field in &request.fields {
        writer.field(field)?;
    }
    if !wish.honoured {
        writer.dropped.push("reasoning".to_owned());
    }
    for (name, value) in wish.fields {
        writer.add(name, &value);
    }
    let streams = request.facts.stream || endpoint.quirks.stream_only == Some(true);
    writer.limits(&request.facts);
    writer.streaming(streams);
    writer.endpoint_fields();
    writer.body.push(b'}');
    let ignored = request.ignored_names();
    let mut dropped = writer.dropped;
    dropped.extend(ignored.map(str::to_owned));
    Ok(Wire {
        path: path(endpoint),
        headers: headers(endpoint),
        body: Bytes::from(writer.body),
        streams,
        dropped,
        schema_as_tool: false,
    })
}

/// Returns where a request goes below the base URL.
///
/// Where the address has to name the version of the API, it may also have to name the deployment:
/// Azure's classic surface does, below `/deployments`.
fn path(endpoint: &Endpoint) -> Cow<'static, str> {
    match &endpoint.quirks.api_version {
        None => Cow::Borrowed(PATH),
        Some(version) => {
            let deployment = match endpoint.base_url.ends_with("/deployments") {
                true => format!("/{}", segment(&endpoint.upstream_model)),
                false => String::new(),
            };
            Cow::Owned(format!("{deployment}{PATH}?api-version={}", segment(version)))
        }
    }
}

/// Returns the headers that the endpoint wants beside the usual ones.
pub(super) fn headers(endpoint: &Endpoint) -> Vec<(Cow<'static, str>, String)> {
    endpoint.headers.iter().map(|(name, value)| (name.clone().into(), value.clone())).collect()
}

/// A request under way to an endpoint.
struct Writer<'a> {
    request: &'a Request,
    target: Target<'a>,
    edits: Edits,
    body: Vec<u8>,
    dropped: Vec<String>,
    /// The names that stand in the body already.
    written: Vec<Cow<'a, str>>,
}

impl<'a> Writer<'a> {
    /// Writes a field of the caller's, or what it becomes.
    fn field(&mut self, field: &'a Field) -> Result<(), Failure> {
        let body: &'a Bytes = &self.request.body;
        let value: &'a [u8] = &body[field.value_start..field.end];
        if value == b"null" {
            return Ok(());
        }
        let endpoint = self.target.endpoint;
        match known(&field.name).map(|known| known.fate) {
            Some(Fate::House) => Ok(()),
            Some(Fate::Own) => self.own(&field.name, value),
            _ if field.name == "store" && value == b"true" && self.keeps_nothing() => {
                self.drop(&field.name);
                Ok(())
            }
            _ if is_sent(&field.name, endpoint) => {
                self.copy(&field.name, value);
                Ok(())
            }
            _ => {
                self.drop(&field.name);
                Ok(())
            }
        }
    }

    /// Writes a field that has a rule of its own.
    fn own(&mut self, name: &'a str, value: &'a [u8]) -> Result<(), Failure> {
        let endpoint = self.target.endpoint;
        match name {
            "messages" if !self.request.facts.legacy_prompt => self.messages(value)?,
            "prompt" if self.request.facts.legacy_prompt => self.prompt(value),
            "prompt" | "messages" => self.drop(name),
            "user" => match self.target.user_hash.filter(|_| !self.drops(name)) {
                Some(hash) => self.add(name, &hash),
                None => self.drop(name),
            },
            "tools" => self.tools(value)?,
            "tool_choice" | "parallel_tool_calls" => self.tool_field(name, value),
            "service_tier" => self.tier(value),
            "modalities" => {
                let beyond = endpoint.output_modalities.iter().any(|it| *it != Modality::Text);
                if beyond || follows_openai(endpoint) || is_listed(name, endpoint) {
                    self.copy(name, value);
                } else if value != b"[\"text\"]" {
                    self.drop(name);
                }
            }
            "audio" | "image_config" => {
                let made = if name == "audio" { Modality::Audio } else { Modality::Image };
                let makes = endpoint.output_modalities.contains(&made);
                if makes || is_listed(name, endpoint) {
                    self.copy(name, value);
                } else {
                    self.drop(name);
                }
            }
            // The model, the limits, the thinking and the streaming are written apart.
            _ => (),
        }
        Ok(())
    }

    fn messages(&mut self, value: &'a [u8]) -> Result<(), Failure> {
        if self.edits.is_none() {
            self.copy("messages", value);
            return Ok(());
        }
        let mut messages: Vec<Value> = serde_json::from_slice(value).map_err(|_| {
            invalid("`messages` holds half a surrogate pair, or a number too large.").at("messages")
        })?;
        self.edits.apply(&mut messages);
        self.add("messages", &messages);
        Ok(())
    }

    fn prompt(&mut self, value: &'a [u8]) {
        self.open("messages");
        self.body.extend_from_slice(br#"[{"role":"user","content":"#);
        self.body.extend_from_slice(value);
        self.body.extend_from_slice(b"}]");
    }

    fn tools(&mut self, value: &'a [u8]) -> Result<(), Failure> {
        if !calls_tools(self.target.endpoint) || self.drops("tools") {
            self.drop("tools");
            return Ok(());
        }
        if !self.request.marks.server_tools && !self.edits.strips_cache() {
            self.copy("tools", value);
            return Ok(());
        }
        let mut tools: Vec<Value> = serde_json::from_slice(value)
            .map_err(|_| invalid("`tools` holds half a surrogate pair.").at("tools"))?;
        let gone = edit_tools(&mut tools, self.target.endpoint, self.edits.strips_cache());
        self.dropped.extend(gone.into_iter().map(|kind| format!("tools.{}", one_word(&kind))));
        if !tools.is_empty() {
            self.add("tools", &tools);
        }
        Ok(())
    }

    fn tool_field(&mut self, name: &'a str, value: &'a [u8]) {
        let endpoint = self.target.endpoint;
        let offers = self.request.facts.tools && calls_tools(endpoint) && !self.drops("tools");
        if !offers || self.drops(name) {
            return self.drop(name);
        }
        let required = endpoint.quirks.tool_choice_required.as_deref();
        match (name, value, required) {
            ("tool_choice", b"\"required\"" | b"\"any\"", Some(word)) => self.add(name, &word),
            ("tool_choice", b"\"any\"", None) => self.add(name, &"required"),
            _ => self.copy(name, value),
        }
    }

    /// Writes the service tier. One that has its own price is asked for only where that is known.
    fn tier(&mut self, value: &'a [u8]) {
        let name = "service_tier";
        let endpoint = self.target.endpoint;
        let is_priced = endpoint.price.as_ref().is_some_and(|card| card.priority.is_some());
        let is_usual = matches!(value, b"\"auto\"" | b"\"default\"");
        let is_known = is_listed(name, endpoint) || follows_openai(endpoint);
        match self.request.facts.priority {
            _ if self.drops(name) => self.drop(name),
            true if is_priced => self.add(name, &"priority"),
            false if is_usual && is_known => self.copy(name, value),
            _ => self.drop(name),
        }
    }

    /// Writes the limit of completion tokens under the endpoint's name for it.
    fn limits(&mut self, facts: &Facts) {
        let endpoint = self.target.endpoint;
        let required = endpoint.quirks.max_tokens_required == Some(true);
        let default = || endpoint.max_output.unwrap_or(OUTPUT_TOKENS_DEFAULT);
        let limit = facts.output_tokens_max.or_else(|| required.then(default));
        let name = limit_name(endpoint);
        match limit {
            Some(_) if self.drops(name) => self.drop(name),
            Some(limit) => self.add(name, &limit),
            None => (),
        }
    }

    fn streaming(&mut self, streams: bool) {
        if !streams {
            return;
        }
        self.add("stream", &true);
        let asks = match self.target.endpoint.quirks.stream_usage {
            Some(StreamUsage::Always | StreamUsage::Never) => false,
            Some(StreamUsage::IncludeUsage | StreamUsage::XGroq) | None => true,
        };
        if asks && !self.drops("stream_options") {
            self.add("stream_options", &json!({"include_usage": true}));
        }
    }

    /// Writes what the catalog adds to every request, and what it adds where nothing was sent.
    fn endpoint_fields(&mut self) {
        let endpoint = self.target.endpoint;
        for (name, value) in &endpoint.body {
            self.open(name);
            push_value(&mut self.body, value);
        }
        for (name, value) in endpoint.quirks.default_params.iter().flatten() {
            self.add(name, value);
        }
    }

    /// Writes a field with a value of the house, unless it is there already.
    fn add(&mut self, name: &'a str, value: &(impl serde::Serialize + ?Sized)) {
        if self.is_open_to(name) {
            self.open(name);
            push_value(&mut self.body, &value);
        }
    }

    /// Writes a field with the caller's value.
    fn copy(&mut self, name: &'a str, value: &[u8]) {
        if self.is_open_to(name) {
            self.open(name);
            self.body.extend_from_slice(value);
        }
    }

    /// Returns whether a field may still be written: the catalog's own value for it goes first.
    fn is_open_to(&self, name: &'a str) -> bool {
        let name = self.renamed(name);
        !self.written.iter().any(|written| *written == name)
            && !self.target.endpoint.body.contains_key(name)
    }

    /// Writes a field's name, in the endpoint's word for it.
    fn open(&mut self, name: &'a str) {
        let name = self.renamed(name);
        push_member(&mut self.body, name);
        self.written.push(Cow::Borrowed(name));
    }

    fn renamed(&self, name: &'a str) -> &'a str {
        let renames = self.target.endpoint.quirks.rename_params.as_ref();
        renames.and_then(|renames| renames.get(name)).map_or(name, String::as_str)
    }

    /// Returns whether the caller wants nothing kept by anybody.
    fn keeps_nothing(&self) -> bool {
        let wants = &self.request.facts.preferences;
        wants.zero_retention || !wants.allow_data_collection
    }

    fn drops(&self, name: &str) -> bool {
        let endpoint = self.target.endpoint;
        endpoint.quirks.drops(name, endpoint.reasoning)
    }

    fn drop(&mut self, name: &str) {
        let name = one_word(name);
        if !self.dropped.contains(&name) {
            self.dropped.push(name);
        }
    }
}

/// Returns a caller's name for something as it may stand in a list of names.
fn one_word(name: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_graphic() && *letter != ',';
    name.chars().filter(is_plain).take(64).collect()
}
