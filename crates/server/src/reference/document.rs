//! The OpenAPI 3.1 document, made of what the routes say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::OnceLock;

use domain::catalog::Dialect;
use domain::failure::FailureKind;
use http::Method;
use serde_json::{Map, Value, json};
use site::Markup;

use super::failures::meaning;
use super::operation::{Access, Answer, JSON, Operation, Parameter, Place, Tag};
use super::route::{Base, Described};
use super::schema::{Named, Schema};
use super::served::Written;

/// The version of OpenAPI that is written.
const OPENAPI: &str = "3.1.0";

/// Where a key may stand, as the document names it.
const SCHEMES: [&str; 3] = ["bearer", "x_api_key", "x_goog_api_key"];

const ABOUT: &str = "One API over every model. Clients of OpenAI, OpenRouter, Anthropic, Google and \
    Ollama are spoken to in their own words. This document is made of the table by which this instance \
    finds what answers a request.";

/// What the API says of itself.
pub struct Reference {
    /// The document.
    #[cfg(test)]
    pub(crate) document: Value,
    /// The same, written.
    pub(crate) written: Written,
    /// The routes, in the table's order.
    pub(crate) routes: Vec<Described>,
    /// The named schemas.
    pub(crate) schemas: BTreeMap<&'static str, Value>,
    /// What people are shown of it, from the first time on that somebody asks.
    pub(crate) shown: OnceLock<Markup>,
}

impl Reference {
    /// Makes the document. `site` is the address of this instance, without a slash at its end;
    /// `error` what a failure looks like in a dialect.
    pub(crate) fn of(
        routes: Vec<Described>,
        site: &str,
        error: fn(Dialect) -> Schema,
    ) -> Reference {
        let mut writer = Writer {
            site,
            error,
            named: Vec::new(),
            failures: BTreeMap::new(),
            heard: BTreeMap::new(),
            told: BTreeMap::new(),
        };
        let paths = writer.paths(&routes);
        let (responses, heard) = (take(&mut writer.failures), take(&mut writer.heard));
        let (told, schemas) = (take(&mut writer.told), writer.schemas());
        let used: BTreeSet<Tag> =
            routes.iter().flat_map(|route| &route.operations).map(|(_, it)| it.tag).collect();
        let tags = Tag::ALL.iter().filter(|it| used.contains(it));
        let tags = tags.map(|it| json!({ "name": it.word(), "description": it.sentence() }));
        let document = json!({
            "openapi": OPENAPI,
            "info": {
                "title": "Interline",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "A neutral layer over every large language model.",
                "description": ABOUT,
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "externalDocs": { "url": format!("{site}/docs"), "description": "The documentation" },
            "servers": servers(site, Base::Api),
            "security": SCHEMES.map(|scheme| json!({ scheme: [] })),
            "tags": tags.collect::<Vec<_>>(),
            "paths": paths,
            "components": {
                "schemas": schemas,
                "responses": responses,
                "parameters": heard,
                "headers": told,
                "securitySchemes": schemes(),
            },
        });
        Reference {
            written: Written::of(&document),
            #[cfg(test)]
            document,
            routes,
            schemas,
            shown: OnceLock::new(),
        }
    }
}

/// Writes the parts of a document, and notes what they point to.
struct Writer<'a> {
    site: &'a str,
    error: fn(Dialect) -> Schema,
    named: Vec<Named>,
    failures: BTreeMap<String, Value>,
    /// Headers of requests and of answers, by their names: many operations share them.
    heard: BTreeMap<&'static str, Value>,
    told: BTreeMap<&'static str, Value>,
}

impl Writer<'_> {
    fn paths(&mut self, routes: &[Described]) -> Map<String, Value> {
        let mut paths = Map::new();
        for route in routes {
            for (method, operation) in &route.operations {
                let item = paths
                    .entry(operation.path_within(route.path))
                    .or_insert_with(|| self.item(route.base));
                item[method.as_str().to_lowercase()] = self.operation(operation);
            }
        }
        paths
    }

    /// What all operations of a path have in common.
    fn item(&self, base: Base) -> Value {
        match base.prefixes().first() == Base::Api.prefixes().first() {
            true => json!({}),
            false => json!({ "servers": servers(self.site, base) }),
        }
    }

    fn operation(&mut self, operation: &Operation) -> Value {
        let mut shown = json!({
            "operationId": operation.id,
            "tags": [operation.tag.word()],
            "summary": operation.summary,
            "description": operation.whole_detail(),
        });
        match operation.access {
            Access::Anybody => shown["security"] = json!([]),
            Access::Reader => {
                let keys = SCHEMES.map(|scheme| json!({ scheme: [] }));
                shown["security"] = std::iter::once(json!({})).chain(keys).collect();
            }
            Access::Key | Access::Holder | Access::Operator => (),
        }
        if !operation.parameters.is_empty() {
            shown["parameters"] =
                operation.parameters.iter().map(|it| self.parameter(it)).collect();
        }
        if !operation.bodies.is_empty() {
            let mut content = Map::new();
            for (media, schema) in &operation.bodies {
                let mut form = self.form(schema);
                if let Some(sample) = operation.sample.as_ref().filter(|_| *media == JSON) {
                    form["example"] = sample.clone();
                }
                content.insert((*media).to_owned(), form);
            }
            shown["requestBody"] = json!({ "required": true, "content": content });
        }
        shown["responses"] = Value::Object(self.responses(operation));
        shown
    }

    fn parameter(&mut self, parameter: &Parameter) -> Value {
        let mut schema = self.schema(&parameter.schema);
        let said = schema.as_object_mut().and_then(|it| it.shift_remove("description"));
        let is_required = parameter.place == Place::Path || !parameter.schema.is_optional();
        let mut shown = json!({
            "name": parameter.name,
            "in": parameter.place.word(),
            "description": said,
            "required": is_required,
            "schema": schema,
        });
        if shown["schema"]["type"] == "array" {
            // Lists in queries are joined by commas.
            shown["explode"] = json!(false);
        }
        if parameter.place != Place::Header {
            return shown;
        }
        self.heard.insert(parameter.name, shown);
        json!({ "$ref": format!("#/components/parameters/{}", parameter.name) })
    }

    fn responses(&mut self, operation: &Operation) -> Map<String, Value> {
        let mut shown = Map::new();
        for answer in &operation.answers {
            shown.insert(answer.status.to_string(), self.answer(operation, answer));
        }
        let mut by_status: BTreeMap<u16, Vec<FailureKind>> = BTreeMap::new();
        for kind in operation.all_failures() {
            by_status.entry(kind.wire().0).or_default().push(kind);
        }
        for (status, kinds) in by_status {
            let name = self.failure(operation.dialect, &kinds);
            let pointer = json!({ "$ref": format!("#/components/responses/{name}") });
            shown.insert(status.to_string(), pointer);
        }
        shown
    }

    fn answer(&mut self, operation: &Operation, answer: &Answer) -> Value {
        let mut shown = json!({ "description": answer.said });
        if !operation.tells.is_empty() {
            let mut headers = Map::new();
            for (name, schema) in &operation.tells {
                let header = self.header(schema);
                self.told.insert(name, header);
                let pointer = json!({ "$ref": format!("#/components/headers/{name}") });
                headers.insert((*name).to_owned(), pointer);
            }
            shown["headers"] = Value::Object(headers);
        }
        let content: Map<String, Value> =
            answer.forms.iter().map(|(media, it)| ((*media).to_owned(), self.form(it))).collect();
        shown["content"] = Value::Object(content);
        shown
    }

    fn header(&mut self, schema: &Schema) -> Value {
        let mut schema = self.schema(schema);
        let said = schema.as_object_mut().and_then(|it| it.shift_remove("description"));
        json!({ "description": said, "schema": schema })
    }

    /// Notes failures that share a status, and returns the name under which they stand.
    fn failure(&mut self, dialect: Dialect, kinds: &[FailureKind]) -> String {
        let words = kinds.iter().map(|kind| kind.wire().1);
        let name = words.clone().map(capitals).collect::<Vec<_>>().join("Or");
        let name = format!("{}{name}", prefix(dialect));
        if !self.failures.contains_key(&name) {
            let told = kinds.iter().zip(words);
            let told: Vec<String> =
                told.map(|(kind, word)| format!("`{word}`: {}.", meaning(*kind))).collect();
            let schema = self.schema(&(self.error)(dialect));
            let mut shown = json!({
                "description": told.join(" "),
                "content": { JSON: { "schema": schema } },
            });
            let waits = [FailureKind::RateLimited, FailureKind::ProviderOverloaded];
            if kinds.iter().any(|kind| waits.contains(kind)) {
                shown["headers"] = json!({ "Retry-After": {
                    "description": "Seconds after which trying again makes sense, where that is known.",
                    "schema": { "type": "integer", "minimum": 1 },
                } });
            }
            self.failures.insert(name.clone(), shown);
        }
        name
    }

    fn form(&mut self, schema: &Schema) -> Value {
        json!({ "schema": self.schema(schema) })
    }

    fn schema(&mut self, schema: &Schema) -> Value {
        self.named.extend_from_slice(schema.named());
        schema.json()
    }

    /// Returns every named schema that something points to.
    fn schemas(mut self) -> BTreeMap<&'static str, Value> {
        let mut made = BTreeMap::new();
        while let Some((name, make)) = self.named.pop() {
            if !made.contains_key(name) {
                let schema = make();
                let written = self.schema(&schema);
                made.insert(name, written);
            }
        }
        made
    }
}

impl Operation {
    /// Returns its path in the document, of the route that it stands at.
    pub(crate) fn path_within(&self, route: &str) -> String {
        match self.shown_at.unwrap_or(route) {
            "" => "/".to_owned(),
            path => path.to_owned(),
        }
    }

    /// Says all that is to be known, and who may call it.
    pub(crate) fn whole_detail(&self) -> String {
        format!("{} {}", self.detail, self.access.sentence()).trim().to_owned()
    }
}

fn servers(site: &str, base: Base) -> Value {
    base.prefixes().iter().map(|prefix| json!({ "url": format!("{site}{prefix}") })).collect()
}

fn schemes() -> Value {
    let header = |name: &str, whose: &str| {
        json!({ "type": "apiKey", "in": "header", "name": name,
                "description": format!("The same key, where {whose} clients send it.") })
    };
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "An API key, or the operator's key, as `Authorization: Bearer …`.",
        },
        "x_api_key": header("x-api-key", "Anthropic's"),
        "x_goog_api_key": header("x-goog-api-key", "Google's"),
    })
}

/// What the names of failures in a dialect begin with.
fn prefix(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::AnthropicMessages => "Anthropic",
        Dialect::GoogleGemini => "Gemini",
        Dialect::Ollama => "Ollama",
        _ => "",
    }
}

/// Writes `rate_limit_exceeded` as `RateLimitExceeded`.
fn capitals(word: &str) -> String {
    let whole = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        format!("{}{rest}", first.to_uppercase())
    };
    word.split('_').map(whole).collect()
}

/// Returns every operation with its method, its route and its path.
pub(crate) fn operations(
    routes: &[Described],
) -> impl Iterator<Item = (&Described, &Method, &Operation)> {
    routes.iter().flat_map(|route| route.operations.iter().map(move |(it, op)| (route, it, op)))
}
