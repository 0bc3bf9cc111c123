//! `/_sim`: how a person or a test sets scripts and reads the record over HTTP.
use crate::provider::Provider;
use crate::request::Request;
use crate::script::Script;
use crate::world::World;
use serde_json::{Value, json};

/// Replies to a request below `/_sim`: a status and a JSON document.
pub(crate) fn reply(world: &World, request: &Request, path: &str) -> (u16, Value) {
    match (request.method(), path) {
        ("GET", "/health") => (200, json!({ "status": "ok" })),
        ("GET", "/providers") => (200, providers(world)),
        ("GET", "/requests") => (200, requests(world, request)),
        ("DELETE", "/requests") => {
            for (_, provider) in chosen(world, request) {
                provider.record().clear();
            }
            (200, json!({ "cleared": true }))
        }
        (method, path) => match path.strip_prefix("/providers/") {
            Some(name) => one_provider(world, method, name, &request.body),
            None => refusal(404, "no such path below /_sim"),
        },
    }
}

fn one_provider(world: &World, method: &str, name: &str, body: &[u8]) -> (u16, Value) {
    let Some(provider) = world.provider(name) else {
        return refusal(400, "a provider's name has 1 to 100 bytes and does not begin with `_`");
    };
    match method {
        "GET" => (200, described(name, &provider)),
        "PUT" => match Script::from_json(body) {
            Ok(script) => {
                provider.set_script(script, &world.clock);
                (200, described(name, &provider))
            }
            Err(error) => refusal(400, &error.to_string()),
        },
        "DELETE" => {
            provider.reset(&world.clock);
            (200, described(name, &provider))
        }
        _ => refusal(405, "a provider takes GET, PUT and DELETE"),
    }
}

fn described(name: &str, provider: &Provider) -> Value {
    json!({ "provider": name, "script": *provider.script(), "counters": provider.counters() })
}

fn providers(world: &World) -> Value {
    let all = world.providers();
    let described = all.iter().map(|(name, provider)| described(name, provider));
    json!({ "providers": described.collect::<Vec<_>>() })
}

/// The remembered requests, each with its provider's name, in the order in which they came.
fn requests(world: &World, request: &Request) -> Value {
    let mut all = Vec::new();
    for (name, provider) in chosen(world, request) {
        for recorded in provider.requests() {
            let mut shown = json!(recorded);
            shown["provider"] = json!(name);
            all.push((recorded.received_ms, shown));
        }
    }
    all.sort_by_key(|(received_ms, _)| *received_ms);
    json!({ "requests": all.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>() })
}

/// The one provider that the query names, or all.
fn chosen(world: &World, request: &Request) -> Vec<(String, std::sync::Arc<Provider>)> {
    let wanted = request.query().split('&').find_map(|pair| pair.strip_prefix("provider="));
    match wanted {
        None => world.providers(),
        Some(name) => world
            .known_provider(name)
            .map(|provider| (name.to_owned(), provider))
            .into_iter()
            .collect(),
    }
}

fn refusal(status: u16, message: &str) -> (u16, Value) {
    (status, json!({ "error": { "message": message } }))
}
