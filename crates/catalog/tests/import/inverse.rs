//! The source as it would have to be for the shipped catalog to come out of it.

use std::collections::BTreeMap;

use catalog::SourceFile;
use serde_json::{Map, Value, json};
use toml::Table;

type Models = BTreeMap<String, Table>;

/// Fields of prices whose names differ between the catalog and the source.
const RENAMED: [(&str, &str); 1] = [("per_1k_requests", "request")];
/// Parts of prices that the source has no field for.
const HAND_KEPT: [&str; 4] = ["minute", "character_m", "image", "cache_write_1h"];

/// Returns the text of a source that says what the files of the catalog say.
pub(crate) fn source_of(current: &[SourceFile], curated: &[SourceFile]) -> String {
    let models = models(current);
    let mut directories: BTreeMap<String, Value> = BTreeMap::new();
    directories.insert("openrouter".to_owned(), json!({ "models": openrouter(&models) }));
    for file in current {
        let provider: Table = toml::from_str(&file.text).unwrap();
        let Some(head) = provider.get("provider").and_then(|head| head.as_table()) else {
            continue;
        };
        let source = head.get("source").and_then(|source| source.as_str()).unwrap_or("");
        let Some(directory) = source.strip_prefix("models.dev:") else { continue };
        let rows = rows(&provider, &models);
        directories.insert(directory.to_owned(), json!({ "id": directory, "models": rows }));
    }
    add_what_is_left_out(&mut directories, curated);
    serde_json::to_string(&directories).unwrap()
}

fn models(current: &[SourceFile]) -> Models {
    let mut models = Models::new();
    for file in current {
        let author: Table = toml::from_str(&file.text).unwrap();
        for model in author.get("model").and_then(|models| models.as_array()).into_iter().flatten()
        {
            let model = model.as_table().unwrap().clone();
            models.insert(model["id"].as_str().unwrap().to_owned(), model);
        }
    }
    models
}

fn openrouter(models: &Models) -> Map<String, Value> {
    let named = models.values().filter(|model| !model.contains_key("named_by"));
    named.map(|model| (model["id"].as_str().unwrap().to_owned(), json!({}))).collect()
}

fn add_what_is_left_out(directories: &mut BTreeMap<String, Value>, curated: &[SourceFile]) {
    let table = |name: &str| -> Table {
        let file = curated.iter().find(|file| file.path.ends_with(name)).unwrap();
        toml::from_str(&file.text).unwrap()
    };
    for directory in table("policy.toml")["skip"].as_table().unwrap().keys() {
        directories.entry(directory.clone()).or_insert_with(|| json!({ "models": {} }));
    }
    for left_out in table("aliases.toml")["exclude"].as_table().unwrap().keys() {
        let (directory, id) = left_out.split_once(':').unwrap();
        directories.get_mut(directory).unwrap()["models"][id] = json!({});
    }
}

fn rows(provider: &Table, models: &Models) -> Map<String, Value> {
    let mut rows = Map::new();
    let endpoints = provider.get("endpoint").and_then(|all| all.as_array()).unwrap();
    let endpoints: Vec<&Table> = endpoints.iter().map(|one| one.as_table().unwrap()).collect();
    let of_source = endpoints.iter().filter(|endpoint| !endpoint.contains_key("source"));
    let (fast, plain): (Vec<&Table>, Vec<&Table>) =
        of_source.partition(|endpoint| endpoint.contains_key("body"));
    for endpoint in plain {
        let row = row(endpoint, &models[text(endpoint, "model")]);
        let id = endpoint.get("source_id").unwrap_or(&endpoint["id"]).as_str().unwrap();
        let aliases = endpoint.get("aliases").and_then(|aliases| aliases.as_array());
        for alias in aliases.into_iter().flatten() {
            // The id that leads in the catalog has to lead again.
            let mut twin = row.clone();
            twin["status"] = json!("deprecated");
            rows.insert(alias.as_str().unwrap().to_owned(), twin);
        }
        match rows.get_mut(id) {
            Some(other) => join(other, &row),
            None => drop(rows.insert(id.to_owned(), row)),
        }
    }
    for endpoint in fast {
        let model = &models[text(endpoint, "model")];
        for (ours, theirs) in [("structured_output", "structured_output"), ("tools", "tool_call")] {
            if !model.contains_key(ours) {
                rows[text(endpoint, "id")][theirs] = Value::Null;
            }
        }
        rows[text(endpoint, "id")]["experimental"]["modes"]["fast"] = json!({
            "cost": cost(endpoint.get("price")),
            "provider": {
                "body": serde_json::to_value(&endpoint["body"]).unwrap(),
                "headers": serde_json::to_value(&endpoint["headers"]).unwrap(),
            },
        });
    }
    rows
}

/// One row stands for two models; the one that thinks says so in its price.
fn join(first: &mut Value, second: &Value) {
    let (plain, thinking) = if first["reasoning"] == json!(true) {
        (second.clone(), first.clone())
    } else {
        (first.clone(), second.clone())
    };
    *first = thinking;
    if plain["cost"]["output"] != first["cost"]["output"] {
        first["cost"]["reasoning"] = first["cost"]["output"].clone();
    }
    first["cost"]["output"] = plain["cost"]["output"].clone();
}

fn row(endpoint: &Table, model: &Table) -> Value {
    let said = |key: &str| -> Value {
        let value = endpoint.get(key).or_else(|| model.get(key));
        value.map_or(Value::Null, |value| serde_json::to_value(value).unwrap())
    };
    let modalities = |key: &str| -> Value {
        let listed = said(key);
        let listed = listed.as_array().into_iter().flatten();
        listed.map(|one| if one == "file" { json!("pdf") } else { one.clone() }).collect()
    };
    let mut cost = cost(endpoint.get("price"));
    let tiers = endpoint.get("price_over").and_then(|tiers| tiers.as_array());
    let tier = |tier: &toml::Value| {
        let mut row = self::cost(tier.get("price"));
        row["tier"] = json!({ "size": tier["min_prompt_tokens"].as_integer().unwrap() });
        row
    };
    if let Some(tiers) = tiers {
        cost["tiers"] = tiers.iter().map(tier).collect();
    }
    let mut row = json!({
        "cost": cost,
        "limit": { "context": said("context"), "output": said("max_output") },
        "modalities": {
            "input": modalities("input_modalities"),
            "output": modalities("output_modalities"),
        },
        "tool_call": said("tools"),
        "structured_output": said("structured_output"),
        "temperature": said("temperature"),
        "reasoning": said("reasoning"),
        "status": endpoint.get("status").map(|status| status.as_str().unwrap()),
    });
    if let Some(most) = endpoint.get("max_input") {
        row["limit"]["input"] = json!(most.as_integer().unwrap());
    }
    if let Some(tiers) = endpoint.get("service_tiers") {
        row["experimental"]["modes"]["fast"]["cost"] = self::cost(tiers.get("priority"));
    }
    if let Some(controls) = endpoint.get("reasoning_controls") {
        add_controls(&mut row, controls);
    }
    row
}

fn cost(price: Option<&toml::Value>) -> Value {
    let parts = price.and_then(|price| price.as_table()).into_iter().flatten();
    let parts = parts.filter(|(part, _)| !HAND_KEPT.contains(&part.as_str()));
    let field = |part: &str| {
        let renamed = RENAMED.iter().find(|(ours, _)| *ours == part);
        renamed.map_or(part, |(_, theirs)| theirs).to_owned()
    };
    let number =
        |amount: &toml::Value| -> Value { serde_json::from_str(amount.as_str().unwrap()).unwrap() };
    Value::Object(parts.map(|(part, amount)| (field(part), number(amount))).collect())
}

fn add_controls(row: &mut Value, controls: &toml::Value) {
    let mut options = Vec::new();
    if controls.get("toggle").is_some() {
        options.push(json!({ "type": "toggle" }));
    }
    if let Some(efforts) = controls.get("efforts") {
        options.push(json!({ "type": "effort", "values": serde_json::to_value(efforts).unwrap() }));
    }
    if let Some(budget) = controls.get("budget") {
        let bounds: Vec<i64> = budget
            .as_array()
            .into_iter()
            .flatten()
            .map(|bound| bound.as_integer().unwrap())
            .collect();
        let mut option = json!({ "type": "budget_tokens" });
        for (name, bound) in ["min", "max"].iter().zip(bounds) {
            option[name] = json!(bound);
        }
        options.push(option);
    }
    row["reasoning_options"] = Value::Array(options);
    if let Some(field) = controls.get("field") {
        row["interleaved"] = json!({ "field": field.as_str().unwrap() });
    }
}

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table[key].as_str().unwrap()
}
