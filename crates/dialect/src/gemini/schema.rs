//! Schemas: Google's own form of the types, and what of JSON Schema it refuses.

use serde_json::{Map, Value, json};

/// Turns a schema with Google's words for types (`OBJECT`, `STRING`, …) into JSON Schema.
pub(super) fn standard(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut standard = Map::new();
            let mut nullable = false;
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("type", Value::String(word)) => {
                        standard.insert(name.clone(), json!(word.to_ascii_lowercase()));
                    }
                    ("nullable", value) => nullable = *value == true,
                    ("properties", Value::Object(properties)) => {
                        let each =
                            properties.iter().map(|(name, it)| (name.clone(), standard_of(it)));
                        standard.insert(name.clone(), Value::Object(each.collect()));
                    }
                    ("enum" | "required" | "default" | "example" | "const", value) => {
                        standard.insert(name.clone(), value.clone());
                    }
                    // Google writes whole numbers as strings.
                    (bound, Value::String(text)) if BOUNDS.contains(&bound) => {
                        let number =
                            text.parse::<i64>().map_or_else(|_| json!(text), |it| json!(it));
                        standard.insert(standard_name(bound).to_owned(), number);
                    }
                    ("propertyOrdering" | "property_ordering", _) => (),
                    (name, value) => {
                        standard.insert(standard_name(name).to_owned(), standard_of(value));
                    }
                }
            }
            if nullable && let Some(kind) = standard.get("type").cloned() {
                standard.insert("type".to_owned(), json!([kind, "null"]));
            }
            Value::Object(standard)
        }
        Value::Array(list) => list.iter().map(standard_of).collect(),
        other => other.clone(),
    }
}

fn standard_of(schema: &Value) -> Value {
    standard(schema)
}

fn standard_name(name: &str) -> &str {
    match name {
        "any_of" => "anyOf",
        "min_items" => "minItems",
        "max_items" => "maxItems",
        "min_length" => "minLength",
        "max_length" => "maxLength",
        "min_properties" => "minProperties",
        "max_properties" => "maxProperties",
        other => other,
    }
}

const BOUNDS: [&str; 12] = [
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "min_items",
    "max_items",
    "min_length",
    "max_length",
    "min_properties",
    "max_properties",
];

/// Returns a schema without the keywords that Google refuses to read.
pub(super) fn taken(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !REFUSED.contains(&name.as_str()));
            let kept = kept.map(|(name, value)| (name.clone(), taken(value)));
            Value::Object(kept.collect())
        }
        Value::Array(list) => list.iter().map(taken).collect(),
        other => other.clone(),
    }
}

const REFUSED: [&str; 5] = ["$schema", "$comment", "strict", "examples", "unevaluatedProperties"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn google_s_words_become_json_schema() {
        let google = json!({
            "type": "OBJECT", "propertyOrdering": ["a"],
            "properties": {"type": {"type": "STRING", "nullable": true, "enum": ["A"]}},
            "required": ["type"], "minProperties": "1"
        });
        let expected = json!({
            "type": "object",
            "properties": {"type": {"type": ["string", "null"], "enum": ["A"]}},
            "required": ["type"], "minProperties": 1
        });
        assert_eq!(standard(&google), expected);
    }
}
