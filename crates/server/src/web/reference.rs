//! `/docs/api`: the API as people read it, from what its routes say of themselves.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method};
use serde_json::Value;
use site::Section;
use site::reference::{Api, Entry, Form, Group, Kind, Object, Row};

use super::page::{MARKDOWN, Shared, frame, markdown_twin};
use super::reply;
use crate::app::App;
use crate::reference::{Access, Operation, Parameter, Place, Reference, Tag, operations};

/// Its title,
pub(super) const TITLE: &str = "The API";
/// and what it is about.
pub(super) const ABOUT: &str =
    "Every operation of the API: parameters, bodies, answers and an example each.";

/// How deep fields of fields are told in one table.
const DEPTH_MAX: usize = 3;

/// `GET /docs/api`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap) -> Response {
    let mut frame = frame(&app, Section::Docs, "/docs/api", TITLE, ABOUT);
    frame.twins = vec![markdown_twin("/docs/api")];
    match app.reference.get() {
        // It is the same for as long as the process runs, and too long to be made each time.
        Some(reference) => {
            let shown = reference.shown.get_or_init(|| api(&app).html());
            reply::html(&headers, frame.page(shown))
        }
        None => reply::html(&headers, frame.page(&api(&app).html())),
    }
}

/// `GET /docs/api.md`.
pub(super) async fn markdown(State(app): Shared, headers: HeaderMap) -> Response {
    reply::text(&headers, MARKDOWN, api(&app).markdown())
}

fn api(app: &App) -> Api {
    match app.reference.get() {
        Some(reference) => shown(reference, &app.public_url),
        None => Api {
            site: app.public_url.clone(),
            groups: Vec::new(),
            headers: Vec::new(),
            objects: Vec::new(),
        },
    }
}

fn shown(reference: &Reference, site: &str) -> Api {
    let schemas = &reference.schemas;
    let group = |tag: &Tag| {
        let own = operations(&reference.routes).filter(|(.., it)| it.tag == *tag);
        let entries: Vec<Entry> = own
            .map(|(route, method, operation)| {
                let prefix = route.base.prefixes()[0];
                let path = operation.path_within(route.path);
                let path = format!("{prefix}{}", if path == "/" { "" } else { &path });
                entry((method, path), operation, (site, schemas))
            })
            .collect();
        let about = tag.sentence().to_owned();
        (!entries.is_empty()).then(|| Group { name: tag.word().to_owned(), about, entries })
    };
    let mut headers: Vec<Row> = Vec::new();
    for (.., operation) in operations(&reference.routes) {
        for header in operation.parameters.iter().filter(|it| it.place == Place::Header) {
            if headers.iter().all(|it| it.name != header.name) {
                headers.push(parameter(header, schemas));
            }
        }
    }
    let object = |(name, schema): (&&str, &Value)| Object {
        name: (*name).to_owned(),
        about: said(schema, schemas),
        rows: rows(schema, schemas, ("", 0)),
        kind: kind(schema),
    };
    Api {
        site: site.to_owned(),
        groups: Tag::ALL.iter().filter_map(group).collect(),
        headers,
        objects: reference.schemas.iter().map(object).collect(),
    }
}

fn entry(
    (method, path): (&Method, String),
    operation: &Operation,
    (site, schemas): (&str, &Schemas),
) -> Entry {
    let told = operation.parameters.iter().filter(|it| it.place != Place::Header);
    let form = |label: String, schema: &Value| Form {
        label,
        kind: kind(schema),
        rows: rows(schema, schemas, ("", 0)),
    };
    let bodies = operation.bodies.iter();
    let answers = operation.answers.iter().flat_map(|answer| {
        let status = answer.status;
        answer.forms.iter().map(move |(media, it)| (format!("{status} {media}"), it.json()))
    });
    let failures = operation.all_failures().into_iter().map(|kind| {
        let (status, word) = kind.wire();
        (status, word.to_owned())
    });
    Entry {
        id: operation.id.to_owned(),
        method: method.to_string(),
        summary: operation.summary.to_owned(),
        about: operation.whole_detail(),
        parameters: told.map(|it| parameter(it, schemas)).collect(),
        hears: operation.parameters.iter().any(|it| it.place == Place::Header),
        bodies: bodies.map(|(media, it)| form((*media).to_owned(), &it.json())).collect(),
        answers: answers.map(|(label, schema)| form(label, &schema)).collect(),
        failures: failures.collect(),
        example: curl((method, &path), operation, site),
        path,
    }
}

fn parameter(parameter: &Parameter, schemas: &Schemas) -> Row {
    let schema = parameter.schema.json();
    Row {
        name: parameter.name.to_owned(),
        kind: kind(&schema),
        required: !parameter.schema.is_optional(),
        about: said(&schema, schemas),
    }
}

/// The named schemas.
type Schemas = BTreeMap<&'static str, Value>;

/// Returns what is said of a schema; of one that only points elsewhere, what is said there.
fn said(schema: &Value, schemas: &Schemas) -> String {
    let points = |it: &Value| {
        let name = it["$ref"].as_str()?.rsplit('/').next()?;
        schemas.get(name)?["description"].as_str().map(str::to_owned)
    };
    let own = schema["description"].as_str().map(str::to_owned);
    own.or_else(|| points(schema)).or_else(|| points(&schema["anyOf"][0])).unwrap_or_default()
}

/// Returns the fields of an object, and of objects within it that have no name of their own.
fn rows(schema: &Value, schemas: &Schemas, (before, depth): (&str, usize)) -> Vec<Row> {
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|it| it.iter().any(|own| own == name));
    let mut rows = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let whole = format!("{before}{name}");
        rows.push(Row {
            name: whole.clone(),
            kind: kind(field),
            required: is_required(name),
            about: said(field, schemas),
        });
        if depth < DEPTH_MAX {
            let (inner, mark) = match field.get("items") {
                Some(items) => (items, "[]."),
                None => (field, "."),
            };
            let before = format!("{whole}{mark}");
            rows.extend(self::rows(inner, schemas, (&before, depth + 1)));
        }
    }
    rows
}

/// Returns in words what a value is.
fn kind(schema: &Value) -> Kind {
    let word = |word: &str| vec![(word.to_owned(), false)];
    if let Some(pointer) = schema["$ref"].as_str() {
        return vec![(pointer.rsplit('/').next().unwrap_or_default().to_owned(), true)];
    }
    if let Some(all) = schema["anyOf"].as_array() {
        let mut whole: Kind = Vec::new();
        for (place, one) in all.iter().enumerate() {
            if place > 0 {
                whole.push((" or ".to_owned(), false));
            }
            whole.extend(kind(one));
        }
        return whole;
    }
    if let Some(value) = schema.get("const") {
        return word(&format!("always {value}"));
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
            .collect();
        return word(&words.join(", "));
    }
    let (plain, or_null) = match &schema["type"] {
        Value::Array(both) => (both[0].as_str().unwrap_or_default(), true),
        one => (one.as_str().unwrap_or_default(), false),
    };
    let mut whole = match plain {
        "array" => {
            let mut whole = word("list of ");
            whole.extend(kind(&schema["items"]));
            whole
        }
        "string" if schema["format"] == "date-time" => word("instant"),
        "string" if schema["format"] == "binary" => word("bytes"),
        "string" => word("text"),
        "integer" => word(&format!("whole number{}", bounds(schema))),
        "number" => word(&format!("number{}", bounds(schema))),
        "boolean" => word("true or false"),
        "object" => word("object"),
        "null" => word("null"),
        _ => word("anything"),
    };
    if or_null {
        whole.push((" or null".to_owned(), false));
    }
    if let Some(usual) = schema.get("default") {
        let usual = usual.as_str().map_or_else(|| usual.to_string(), str::to_owned);
        whole.push((format!(", usually {usual}"), false));
    }
    whole
}

fn bounds(schema: &Value) -> String {
    match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) if least > 0.0 => format!(", at least {least}"),
        _ => String::new(),
    }
}

/// Writes how an operation is called.
fn curl((method, path): (&Method, &str), operation: &Operation, site: &str) -> String {
    let sample = |parameter: &Parameter| {
        let schema = parameter.schema.json();
        let value = [&schema["examples"][0], &schema["enum"][0], &schema["default"]];
        let value = value.into_iter().find_map(|it| it.as_str().map(str::to_owned));
        value.unwrap_or_else(|| format!("${}", parameter.name.to_uppercase()))
    };
    let mut address = format!("{site}{path}");
    let mut first = '?';
    for parameter in &operation.parameters {
        match parameter.place {
            Place::Path => {
                let marked = format!("{{{}}}", parameter.name);
                address = address.replace(&marked, &sample(parameter).replace(' ', "%20"));
            }
            Place::Query if !parameter.schema.is_optional() => {
                address.push_str(&format!("{first}{}={}", parameter.name, sample(parameter)));
                first = '&';
            }
            Place::Query | Place::Header => (),
        }
    }
    let mut text = String::from("curl ");
    if *method != Method::GET && *method != Method::POST {
        text.push_str(&format!("-X {method} "));
    }
    text.push_str(&match address.contains(['?', '$', '&']) {
        true => format!("\"{address}\""),
        false => address,
    });
    let key = match operation.access {
        Access::Anybody => None,
        Access::Operator => Some("INTERLINE_ROOT_KEY"),
        Access::Key | Access::Holder | Access::Reader => Some("INTERLINE_API_KEY"),
    };
    if let Some(key) = key {
        text.push_str(&format!(" \\\n  -H \"Authorization: Bearer ${key}\""));
    }
    if let Some(body) = &operation.sample {
        let body = body.to_string().replace('\'', "'\\''");
        text.push_str(" \\\n  -H \"Content-Type: application/json\"");
        text.push_str(&format!(" \\\n  -d '{body}'"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_told_in_words() {
        let told =
            |schema: Value| -> String { kind(&schema).into_iter().map(|(word, _)| word).collect() };
        let table = [
            json!({ "type": ["string", "null"] }),
            json!({ "type": "integer", "minimum": 1, "maximum": 9, "default": 3 }),
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/Key" } }),
            json!({ "anyOf": [{ "type": "boolean" }, { "enum": ["a", null] }] }),
            json!({ "const": "list" }),
            json!({}),
        ];
        insta::assert_snapshot!(table.map(told).join("\n"), @r#"
        text or null
        whole number, 1 to 9, usually 3
        list of Key
        true or false or a, null
        always "list"
        anything
        "#);
    }

    #[test]
    fn fields_of_fields_are_told_beside_them() {
        let inner = json!({ "type": "object", "required": ["b"], "properties": { "b": {} } });
        let schema = json!({ "properties": { "a": { "type": "array", "items": inner } } });
        let rows = rows(&schema, &Schemas::new(), ("", 0));
        let told: Vec<(&str, bool)> = rows.iter().map(|it| (&*it.name, it.required)).collect();
        assert_eq!(told, [("a", false), ("a[].b", true)]);
    }

    #[test]
    fn an_example_names_what_is_needed() {
        let operation = Operation::new("getThing", Tag::Models, "Tells.")
            .at("name", crate::reference::text("Its name.").such_as("a/b"))
            .asks("id", crate::reference::text("Which."))
            .asks("limit", crate::reference::whole("How many.").maybe());
        insta::assert_snapshot!(
            curl((&Method::GET, "/api/v1/x/{name}"), &operation, "https://house.example.com"),
            @r#"
        curl "https://house.example.com/api/v1/x/a/b?id=$ID" \
          -H "Authorization: Bearer $INTERLINE_API_KEY"
        "#
        );
    }
}
