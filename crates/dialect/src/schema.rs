//! Whether a value is what a JSON schema asks for, as far as the schema says it in common words.
//!
//! Words that are not known here leave it open and never make a value wrong. Nothing is fetched: a
//! reference is followed within the schema alone. Depth and steps are bounded.

use serde_json::{Map, Value};

/// Whether a value is what a schema asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is.
    Holds,
    /// It is not.
    Fails,
    /// That cannot be told.
    Unknown,
}

/// How deep a schema is followed.
const DEPTH_MAX: u32 = 32;
/// Words of schemas, members and items that are looked at for one value.
const STEPS_MAX: usize = 100_000;
/// Bytes of a text that count as one of them.
const TEXT_STEP_BYTES: usize = 64;

/// Returns whether a value is what a schema asks for.
pub(crate) fn fit(schema: &Value, value: &Value) -> Fit {
    Check { root: schema, left: STEPS_MAX }.fit(schema, value, 0)
}

struct Check<'a> {
    /// Where references lead.
    root: &'a Value,
    left: usize,
}

impl Fit {
    fn of(holds: bool) -> Fit {
        if holds { Fit::Holds } else { Fit::Fails }
    }

    /// Both have to hold.
    fn and(self, other: Fit) -> Fit {
        match (self, other) {
            (Fit::Fails, _) | (_, Fit::Fails) => Fit::Fails,
            (Fit::Holds, Fit::Holds) => Fit::Holds,
            _ => Fit::Unknown,
        }
    }
}

/// Words that ask for nothing.
const NOTES: [&str; 20] = [
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "default",
    "definitions",
    "deprecated",
    "description",
    "example",
    "examples",
    "format",
    "id",
    "propertyOrdering",
    "readOnly",
    "strict",
    "title",
    "writeOnly",
];

impl Check<'_> {
    fn fit(&mut self, schema: &Value, value: &Value, depth: u32) -> Fit {
        let words = match schema {
            Value::Bool(any) => return Fit::of(*any),
            Value::Object(words) => words,
            _ => return Fit::Unknown,
        };
        if DEPTH_MAX < depth || !self.spend(1 + words.len()) {
            return Fit::Unknown;
        }
        if value.is_null() && words.get("nullable") == Some(&Value::Bool(true)) {
            return Fit::Holds;
        }
        let mut all = Fit::Holds;
        for (word, asked) in words {
            all = all.and(self.word(words, word, asked, value, depth + 1));
            if all == Fit::Fails {
                break;
            }
        }
        all
    }

    /// Takes steps from those that are left. Returns whether there were enough.
    fn spend(&mut self, steps: usize) -> bool {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or_default();
        left.is_some()
    }

    fn word(
        &mut self,
        words: &Map<String, Value>,
        word: &str,
        asked: &Value,
        value: &Value,
        depth: u32,
    ) -> Fit {
        match word {
            "type" => kind(asked, value),
            "enum" => match asked.as_array() {
                Some(all) => self.any_same(all, value),
                None => Fit::Unknown,
            },
            "const" => self.any_same(std::slice::from_ref(asked), value),
            "required" => self.required(asked, value),
            "properties" => self.properties(asked, value, depth),
            "additionalProperties" => self.others(words, asked, value, depth),
            "items" => self.items(words, asked, value, depth),
            "prefixItems" => self.first_items(asked, value, depth),
            "allOf" => self.all_of(asked, value, depth),
            "anyOf" => self.any_of(asked, value, depth),
            "oneOf" => self.one_of(asked, value, depth),
            "$ref" => self.reference(asked, value, depth),
            "uniqueItems" if asked == &Value::Bool(false) => Fit::Holds,
            "nullable" => Fit::Holds,
            note if NOTES.contains(&note) || note.starts_with("x-") => Fit::Holds,
            other => {
                let length = value.as_str().map_or(0, str::len);
                match self.spend(length / TEXT_STEP_BYTES) {
                    true => bound(other, asked, value),
                    false => Fit::Unknown,
                }
            }
        }
    }

    fn any_same(&mut self, all: &[Value], value: &Value) -> Fit {
        let is_any = all.iter().any(|one| self.is_same(one, value));
        if !is_any && self.left == 0 { Fit::Unknown } else { Fit::of(is_any) }
    }

    /// Whether two values are the same: 1 is 1.0. They are not where no steps are left.
    fn is_same(&mut self, a: &Value, b: &Value) -> bool {
        let length = b.as_str().map_or(0, str::len);
        if !self.spend(1 + length / TEXT_STEP_BYTES) {
            return false;
        }
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.is_same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                let mut has = |(name, value): (&String, &Value)| {
                    b.get(name).is_some_and(|other| self.is_same(value, other))
                };
                a.len() == b.len() && a.iter().all(&mut has)
            }
            (a, b) => a == b,
        }
    }

    fn required(&mut self, asked: &Value, value: &Value) -> Fit {
        let names = asked.as_array().map(|names| names.iter().map(Value::as_str));
        let Some(names) = names.and_then(Iterator::collect::<Option<Vec<&str>>>) else {
            return Fit::Unknown;
        };
        if !self.spend(names.len()) {
            return Fit::Unknown;
        }
        value.as_object().map_or(Fit::Holds, |given| {
            Fit::of(names.into_iter().all(|name| given.contains_key(name)))
        })
    }

    fn properties(&mut self, asked: &Value, value: &Value, depth: u32) -> Fit {
        let Some(asked) = asked.as_object() else { return Fit::Unknown };
        let Some(given) = value.as_object() else { return Fit::Holds };
        if !self.spend(given.len()) {
            return Fit::Unknown;
        }
        let pairs = given.iter().filter_map(|(name, value)| Some((asked.get(name)?, value)));
        self.every(pairs, depth)
    }

    /// Members that no other word speaks of.
    fn others(
        &mut self,
        words: &Map<String, Value>,
        asked: &Value,
        value: &Value,
        depth: u32,
    ) -> Fit {
        let Some(given) = value.as_object() else { return Fit::Holds };
        if !self.spend(given.len()) {
            return Fit::Unknown;
        }
        let known = words.get("properties").and_then(Value::as_object);
        let is_other = |name: &str| known.is_none_or(|known| !known.contains_key(name));
        let mut others = given.iter().filter(|(name, _)| is_other(name)).peekable();
        if others.peek().is_some() && words.contains_key("patternProperties") {
            return Fit::Unknown;
        }
        self.every(others.map(|(_, value)| (asked, value)), depth)
    }

    fn items(
        &mut self,
        words: &Map<String, Value>,
        asked: &Value,
        value: &Value,
        depth: u32,
    ) -> Fit {
        let Some(given) = value.as_array() else { return Fit::Holds };
        if asked.is_array() {
            return self.first_items(asked, value, depth);
        }
        let first = words.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
        self.every(given.iter().skip(first).map(|value| (asked, value)), depth)
    }

    fn first_items(&mut self, asked: &Value, value: &Value, depth: u32) -> Fit {
        let Some(asked) = asked.as_array() else { return Fit::Unknown };
        let given = value.as_array().map(Vec::as_slice).unwrap_or_default();
        self.every(asked.iter().zip(given), depth)
    }

    fn every<'v>(
        &mut self,
        pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
        depth: u32,
    ) -> Fit {
        let mut all = Fit::Holds;
        for (schema, value) in pairs {
            all = all.and(self.fit(schema, value, depth));
            if all == Fit::Fails || self.left == 0 {
                break;
            }
        }
        all
    }

    fn all_of(&mut self, asked: &Value, value: &Value, depth: u32) -> Fit {
        let Some(asked) = asked.as_array() else { return Fit::Unknown };
        self.every(asked.iter().map(|schema| (schema, value)), depth)
    }

    fn any_of(&mut self, asked: &Value, value: &Value, depth: u32) -> Fit {
        let Some(asked) = asked.as_array() else { return Fit::Unknown };
        let mut any = Fit::Fails;
        for schema in asked {
            match self.fit(schema, value, depth) {
                Fit::Holds => return Fit::Holds,
                Fit::Unknown => any = Fit::Unknown,
                Fit::Fails => (),
            }
        }
        any
    }

    fn one_of(&mut self, asked: &Value, value: &Value, depth: u32) -> Fit {
        let Some(asked) = asked.as_array() else { return Fit::Unknown };
        let (mut holding, mut open) = (0, 0);
        for schema in asked {
            match self.fit(schema, value, depth) {
                Fit::Holds => holding += 1,
                Fit::Unknown => open += 1,
                Fit::Fails => (),
            }
        }
        match (holding, open) {
            (2.., _) | (0, 0) => Fit::Fails,
            (1, 0) => Fit::Holds,
            _ => Fit::Unknown,
        }
    }

    fn reference(&mut self, asked: &Value, value: &Value, depth: u32) -> Fit {
        let path = asked.as_str().and_then(|path| path.strip_prefix('#'));
        match path.filter(|path| !path.contains('%')).and_then(|path| self.root.pointer(path)) {
            Some(schema) => self.fit(schema, value, depth),
            None => Fit::Unknown,
        }
    }
}

fn kind(asked: &Value, value: &Value) -> Fit {
    match asked {
        Value::String(kind) => is_of(kind, value),
        Value::Array(kinds) => {
            let fits = kinds.iter().map(|kind| match kind.as_str() {
                Some(kind) => is_of(kind, value),
                None => Fit::Unknown,
            });
            let fits: Vec<Fit> = fits.collect();
            if fits.contains(&Fit::Holds) {
                Fit::Holds
            } else if fits.contains(&Fit::Unknown) {
                Fit::Unknown
            } else {
                Fit::Fails
            }
        }
        _ => Fit::Unknown,
    }
}

/// Whether a value is of a kind; Gemini's dialect writes kinds in capitals.
fn is_of(kind: &str, value: &Value) -> Fit {
    Fit::of(match kind.to_ascii_lowercase().as_str() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|it| it.fract() == 0.0)
        }
        _ => return Fit::Unknown,
    })
}

/// Bounds of numbers and lengths.
fn bound(word: &str, asked: &Value, value: &Value) -> Fit {
    let Some(bound) = asked.as_f64() else { return Fit::Unknown };
    let number = value.as_f64();
    let length = value.as_str().map(|text| text.chars().count() as f64);
    let items = value.as_array().map(|items| items.len() as f64);
    let members = value.as_object().map(|members| members.len() as f64);
    let at_least = |it: Option<f64>| Fit::of(it.is_none_or(|it| bound <= it));
    let at_most = |it: Option<f64>| Fit::of(it.is_none_or(|it| it <= bound));
    match word {
        "minimum" => at_least(number),
        "maximum" => at_most(number),
        "exclusiveMinimum" => Fit::of(number.is_none_or(|it| bound < it)),
        "exclusiveMaximum" => Fit::of(number.is_none_or(|it| it < bound)),
        "minLength" => at_least(length),
        "maxLength" => at_most(length),
        "minItems" => at_least(items),
        "maxItems" => at_most(items),
        "minProperties" => at_least(members),
        "maxProperties" => at_most(members),
        _ => Fit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_held_to_every_word_that_is_known() {
        let holds = [
            (json!({"type": "integer"}), json!(3.0)),
            (json!({"type": ["string", "null"]}), json!(null)),
            (json!({"type": "STRING", "nullable": true}), json!(null)),
            (json!({"enum": [1, "a"]}), json!(1.0)),
            (json!({"items": {"type": "string"}, "minItems": 1}), json!(["a"])),
            (json!({"prefixItems": [{"const": 1}], "items": false}), json!([1])),
            (json!({"additionalProperties": {"type": "number"}}), json!({"a": 1})),
            (json!({"required": ["a"]}), json!("no object")),
            (json!({"oneOf": [{"type": "string"}, {"type": "number"}]}), json!(1)),
            (json!({"anyOf": [{"pattern": "x"}, {"type": "string"}]}), json!("a")),
            (json!({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}), json!("x")),
            (json!({"minLength": 2, "format": "email", "title": "t"}), json!("éé")),
            (json!(true), json!({})),
        ];
        for (schema, value) in holds {
            assert_eq!(fit(&schema, &value), Fit::Holds, "{schema} {value}");
        }
        let fails = [
            (json!({"type": "integer"}), json!(3.5)),
            (json!({"type": ["string", "null"]}), json!(7)),
            (json!({"enum": ["a"]}), json!("b")),
            (json!({"items": {"type": "string"}}), json!(["a", 1])),
            (json!({"properties": {"a": {"maximum": 3}}}), json!({"a": 4})),
            (json!({"properties": {}, "additionalProperties": false}), json!({"a": 4})),
            (json!({"oneOf": [{"type": "string"}, {"minLength": 1}]}), json!("a")),
            (json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), json!(1)),
            (json!({"pattern": "x", "type": "string"}), json!(1)),
            (json!({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}), json!(1)),
        ];
        for (schema, value) in fails {
            assert_eq!(fit(&schema, &value), Fit::Fails, "{schema} {value}");
        }
    }

    #[test]
    fn what_is_not_understood_makes_no_value_wrong() {
        for (schema, value) in [
            (json!({"pattern": "^a$"}), json!("b")),
            (json!({"not": {}}), json!(1)),
            (json!({"if": {}, "then": false}), json!(1)),
            (json!({"$ref": "https://example.com/schema.json"}), json!(1)),
            (json!({"$ref": "#/nowhere"}), json!(1)),
            (json!({"type": "file"}), json!(1)),
            (json!({"exclusiveMinimum": true, "minimum": 1}), json!(1)),
            (
                json!({"patternProperties": {"^x": {}}, "additionalProperties": false}),
                json!({"x": 1}),
            ),
            (json!({"oneOf": [{"pattern": "a"}, {"pattern": "b"}]}), json!("c")),
            (json!("no schema"), json!(1)),
        ] {
            assert_eq!(fit(&schema, &value), Fit::Unknown, "{schema} {value}");
        }
    }

    #[test]
    fn a_schema_that_turns_in_circles_comes_to_an_end() {
        let tree = json!({
            "type": "object", "properties": {"child": {"$ref": "#"}}, "additionalProperties": false
        });
        assert_eq!(fit(&tree, &json!({"child": {"child": {}}})), Fit::Holds);
        assert_eq!(fit(&tree, &json!({"child": {"child": 1}})), Fit::Fails);
        assert_eq!(fit(&json!({"$ref": "#"}), &json!(1)), Fit::Unknown);
        let fork = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]});
        assert_eq!(fit(&fork, &json!(1)), Fit::Unknown);
        let long = "x".repeat(100_000);
        let again: Vec<Value> = vec![json!({"$ref": "#/$defs/long"}); 10_000];
        let costly = json!({"allOf": again, "$defs": {"long": {"const": long, "minLength": 9}}});
        assert_eq!(fit(&costly, &json!(long)), Fit::Unknown);
    }
}
