//! A small value that satisfies a JSON schema, as a model would make up.
use serde_json::{Map, Number, Value, json};
use std::cell::Cell;

/// Schemas that refer to themselves end here.
const DEPTH_MAX: usize = 16;
/// Bounds what a schema can make the simulator write, for references can multiply.
const VALUES_MAX: u32 = 4_096;

/// Makes a value for `schema`: the required properties, the shortest arrays, the first choice.
///
/// Where an object names no property as required it gets them all.
pub(crate) fn example(schema: &Value) -> Value {
    let maker = Maker { root: schema, values_left: Cell::new(VALUES_MAX) };
    maker.satisfy(schema, "value", 0)
}

/// One value in the making.
struct Maker<'a> {
    root: &'a Value,
    values_left: Cell<u32>,
}

impl Maker<'_> {
    fn satisfy(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let left = self.values_left.get();
        self.values_left.set(left.saturating_sub(1));
        if DEPTH_MAX < depth || left == 0 {
            return Value::Null;
        }
        let deeper = |inner: &Value| self.satisfy(inner, name, depth + 1);
        if let Some(target) = schema["$ref"].as_str() {
            let pointer = target.strip_prefix('#').unwrap_or_default();
            return self.root.pointer(pointer).map_or(Value::Null, deeper);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(first) = schema["enum"].as_array().and_then(|choices| choices.first()) {
            return first.clone();
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[key].as_array() {
                let choice = choices.iter().find(|choice| choice["type"] != "null");
                return choice.map_or(Value::Null, deeper);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return all_of(parts, schema, deeper);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => array(schema, deeper),
            "integer" => number(schema, 1.0),
            "number" => number(schema, 1.5),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::String(string(schema, name)),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let Some(properties) = schema["properties"].as_object() else {
            return json!({});
        };
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let wanted = |name: &str| required.is_empty() || required.iter().any(|field| field == name);
        let fields = properties
            .iter()
            .filter(|(name, _)| wanted(name))
            .take_while(|_| 0 < self.values_left.get())
            .map(|(name, inner)| (name.clone(), self.satisfy(inner, name, depth + 1)));
        Value::Object(fields.collect())
    }
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema["properties"].is_object() => "object",
        _ if schema["items"].is_object() => "array",
        _ => "string",
    }
}

fn all_of(parts: &[Value], schema: &Value, deeper: impl Fn(&Value) -> Value) -> Value {
    let mut merged = Map::new();
    let own = json!({ "type": "object", "properties": schema["properties"], "required": schema["required"] });
    let own = schema["properties"].is_object().then_some(&own);
    for part in parts.iter().chain(own) {
        match deeper(part) {
            Value::Object(fields) => merged.extend(fields),
            other if merged.is_empty() => return other,
            _ => {}
        }
    }
    Value::Object(merged)
}

fn array(schema: &Value, deeper: impl Fn(&Value) -> Value) -> Value {
    let count = schema["minItems"].as_u64().unwrap_or(1).min(u64::from(VALUES_MAX));
    let item = || schema.get("items").map_or_else(|| json!("item"), &deeper);
    let made = (0..count).map(|_| item());
    // A null stands for a budget that is spent: what follows could not satisfy anything either.
    Value::Array(made.take_while(|item| !item.is_null()).collect())
}

fn number(schema: &Value, usual: f64) -> Value {
    let step = schema["multipleOf"].as_f64().filter(|step| 0.0 < *step).unwrap_or(1.0);
    let low = schema["minimum"].as_f64();
    let low = low.or_else(|| schema["exclusiveMinimum"].as_f64().map(|low| low + step));
    let high = schema["maximum"].as_f64();
    let high = high.or_else(|| schema["exclusiveMaximum"].as_f64().map(|high| high - step));
    let usual = if schema["multipleOf"].is_number() { step } else { usual };
    let value = usual.max(low.unwrap_or(f64::MIN)).min(high.unwrap_or(f64::MAX));
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(json!(1), Value::Number)
}

fn string(schema: &Value, name: &str) -> String {
    let made = match schema["format"].as_str() {
        Some("date-time") => "2026-01-01T12:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "12:00:00Z",
        Some("email") => "person@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("ipv4") => "192.0.2.1",
        _ => name,
    };
    let shortest = usize::try_from(schema["minLength"].as_u64().unwrap_or(0).min(4_096));
    let longest = schema["maxLength"].as_u64().and_then(|max| usize::try_from(max).ok());
    let mut made = made.to_owned();
    while made.chars().count() < shortest.unwrap_or(0) {
        made.push('x');
    }
    made.chars().take(longest.unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: Value, expected: Value) {
        assert_eq!(example(&schema), expected, "{schema}");
    }

    #[test]
    fn an_object_has_its_required_properties_in_order() {
        check(
            json!({"type": "object", "required": ["city", "days"], "properties": {
                "city": {"type": "string"}, "days": {"type": "integer", "minimum": 3},
                "unit": {"enum": ["celsius", "kelvin"]}}}),
            json!({"city": "city", "days": 3}),
        );
    }

    #[test]
    fn choices_take_the_first_that_is_not_null() {
        check(json!({"anyOf": [{"type": "null"}, {"type": "boolean"}]}), json!(true));
        check(json!({"type": ["null", "number"], "maximum": 0.5}), json!(0.5));
        check(json!({"enum": ["a", "b"]}), json!("a"));
    }

    #[test]
    fn references_are_followed_and_a_loop_ends() {
        check(
            json!({"$defs": {"leaf": {"type": "string", "maxLength": 2}}, "type": "object",
                "properties": {"leaf": {"$ref": "#/$defs/leaf"}}}),
            json!({"leaf": "le"}),
        );
        let endless = json!({"type": "array", "items": {"$ref": "#"}});
        assert!(example(&endless).is_array());
    }

    #[test]
    fn references_that_multiply_are_bounded() {
        let properties: Map<String, Value> =
            (0..50).map(|at| (format!("p{at}"), json!({"$ref": "#"}))).collect();
        let made = example(&json!({"type": "object", "properties": properties}));
        assert!(made.to_string().len() < 100_000);
        let crowd = json!({"type": "array", "minItems": u64::MAX, "items": {"$ref": "#"}});
        assert!(example(&crowd).to_string().len() < 100_000);
    }

    #[test]
    fn parts_of_an_all_of_are_merged() {
        check(
            json!({"allOf": [{"type": "object", "properties": {"a": {"const": 1}}},
                {"type": "object", "properties": {"b": {"type": "boolean"}}}]}),
            json!({"a": 1, "b": true}),
        );
    }
}
