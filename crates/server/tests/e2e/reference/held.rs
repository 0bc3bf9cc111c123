//! Answers, held against what the instance's own document says of them.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::stand::Stand;

/// What an instance says of itself, and which of it was seen to be true.
pub struct Book {
    document: Value,
    /// Ids of operations with the statuses of answers that were held against them.
    seen: BTreeSet<(String, u16)>,
}

impl Book {
    pub async fn of(stand: &Stand) -> Book {
        let front = stand.front().with_key("");
        let document = front.get("/openapi.json").await.json();
        assert_eq!(document["servers"][0]["url"], stand.caller.base(), "its own address");
        Book { document, seen: BTreeSet::new() }
    }

    /// Sends a request at an operation's path, and holds the answer against it.
    pub async fn send(
        &mut self,
        caller: &Client,
        (method, path): (Method, &str),
        body: &Value,
    ) -> Answer {
        let place = self.find(&method, path.split('?').next().unwrap());
        let servers = self.document["paths"][&place]["servers"].as_array();
        let servers = servers.or_else(|| self.document["servers"].as_array()).unwrap();
        let base = servers[0]["url"].as_str().unwrap().to_owned();
        let answer = caller.at(base).send(method.clone(), path, body).await;
        self.hold((&method, &place), body, &answer);
        answer
    }

    pub async fn get(&mut self, caller: &Client, path: &str) -> Answer {
        self.send(caller, (Method::GET, path), &Value::Null).await
    }

    pub async fn post(&mut self, caller: &Client, path: &str, body: &Value) -> Answer {
        self.send(caller, (Method::POST, path), body).await
    }

    /// Holds an answer against what is said of the operation at a place.
    pub fn hold(&mut self, (method, place): (&Method, &str), body: &Value, answer: &Answer) {
        let operation = &self.document["paths"][place][method.as_str().to_lowercase()];
        let id = operation["operationId"].as_str().unwrap().to_owned();
        let name = format!("{id} \u{2192} {}", answer.status);
        let told = &operation["responses"][answer.status.to_string()];
        let told = match told["$ref"].as_str() {
            Some(pointer) => self.document.pointer(&pointer[1..]).unwrap(),
            None => told,
        };
        assert!(told.is_object(), "{name} is not told: {}", answer.text);
        let media = answer.header("content-type").split(';').next().unwrap().trim().to_owned();
        let schema = &told["content"][&media]["schema"];
        assert!(schema.is_object(), "{name}: {media} is not told: {}", answer.text);
        for part in parts(&media, answer) {
            self.fits(schema, &part, &name);
        }
        if answer.status < 300 && !body.is_null() {
            let taken = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.fits(taken, body, &format!("{id}, its request"));
        }
        self.seen.insert((id, answer.status));
    }

    fn fits(&self, schema: &Value, value: &Value, name: &str) {
        let faults = self.faults(schema, value);
        assert!(faults.is_empty(), "{name}: {}\n{value:#}", faults.join("\n"));
    }

    /// Returns where a value is not what a schema of the document says.
    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        let options = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true);
        let validator = options.build(&whole).unwrap_or_else(|it| panic!("{it}: {schema}"));
        let faults = validator.iter_errors(value);
        faults.map(|it| format!("{} at {}", it, it.instance_path())).collect()
    }

    /// Returns the path of the document that a path of a request means.
    fn find(&self, method: &Method, path: &str) -> String {
        let word = method.as_str().to_lowercase();
        let paths = self.document["paths"].as_object().unwrap().iter();
        let fitting = paths.filter(|(place, item)| !item[&word].is_null() && fits(place, path));
        // The one that leaves the least open.
        let best = fitting.max_by_key(|(place, _)| {
            let open = place.matches('{').count();
            (usize::MAX - open, place.len())
        });
        best.unwrap_or_else(|| panic!("{method} {path} is not told")).0.clone()
    }

    pub fn seen(&self) -> BTreeSet<(String, u16)> {
        self.seen.clone()
    }

    /// The ids of all operations.
    pub fn operations(&self) -> BTreeSet<String> {
        let items = self.document["paths"].as_object().unwrap().values();
        let all = items.flat_map(|item| item.as_object().unwrap().values());
        all.filter_map(|it| it["operationId"].as_str().map(str::to_owned)).collect()
    }

    pub fn schema(&self, name: &str) -> Value {
        assert!(self.document["components"]["schemas"][name].is_object(), "{name}");
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

/// Returns whether a path is of a kind: parts in braces are anything.
fn fits(place: &str, path: &str) -> bool {
    let (mut kinds, mut parts) = (place.split('/'), path.split('/'));
    loop {
        match (kinds.next(), parts.next()) {
            (None, None) => return true,
            (Some(kind), Some(part)) => {
                let is_it = match kind.split_once('{') {
                    None => kind == part,
                    Some((head, rest)) => {
                        let tail = rest.split_once('}').map_or("", |(_, tail)| tail);
                        part.strip_prefix(head).is_some_and(|it| it.ends_with(tail))
                    }
                };
                if !is_it {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Returns the values of which an answer is made: one, or those of a stream; a text is one, too.
fn parts(media: &str, answer: &Answer) -> Vec<Value> {
    match media {
        "application/json" => vec![answer.json()],
        "text/event-stream" => {
            let lines = answer.text.lines().filter_map(|line| line.strip_prefix("data: "));
            let events = lines.filter(|it| *it != "[DONE]");
            let events: Vec<Value> =
                events.map(|it| serde_json::from_str(it).expect("JSON")).collect();
            assert!(!events.is_empty(), "{}", answer.text);
            events
        }
        "application/x-ndjson" => {
            answer.text.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect()
        }
        _ => vec![Value::String(answer.text.clone())],
    }
}
