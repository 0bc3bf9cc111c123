//! What a value looks like, as JSON Schema (2020-12), which is OpenAPI 3.1's own.
//!
//! A schema carries the named ones that it points to, so a reference that leads nowhere cannot be
//! written. Objects are closed unless [`open`] makes them: what is not described is not there.

use serde_json::{Map, Value, json};

/// A schema that has a name of its own, and what makes it.
pub(crate) type Named = (&'static str, fn() -> Schema);

/// What a value looks like.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    json: Map<String, Value>,
    named: Vec<Named>,
    is_optional: bool,
}

/// Fields of an object, in the order in which they are shown.
pub(crate) type Fields = Vec<(&'static str, Schema)>;

impl Schema {
    fn of(value: Value) -> Schema {
        let Value::Object(json) = value else { return Schema::of(json!({})) };
        Schema { json, named: Vec::new(), is_optional: false }
    }

    /// Takes a schema as it was written elsewhere, and says what it is.
    pub(crate) fn from_json(value: Value, said: &str) -> Schema {
        Schema::of(value).about(said)
    }

    /// Returns it as JSON.
    pub(crate) fn json(&self) -> Value {
        Value::Object(self.json.clone())
    }

    /// Returns the named schemas that it points to.
    pub(crate) fn named(&self) -> &[Named] {
        &self.named
    }

    /// Returns whether a field of it may be missing.
    pub(crate) fn is_optional(&self) -> bool {
        self.is_optional
    }

    /// Says what it is.
    pub(crate) fn about(self, said: &str) -> Schema {
        self.with("description", json!(said))
    }

    /// A field of it may be missing.
    pub(crate) fn maybe(self) -> Schema {
        Schema { is_optional: true, ..self }
    }

    /// It may be `null`.
    pub(crate) fn or_null(mut self) -> Schema {
        if let Some(Value::Array(words)) = self.json.get_mut("enum") {
            words.push(Value::Null);
        }
        match self.json.get_mut("type") {
            Some(Value::String(word)) => {
                let word = std::mem::take(word);
                self.with("type", json!([word, "null"]))
            }
            Some(_) => self,
            None => {
                let said = self.json.shift_remove("description");
                let own = Value::Object(std::mem::take(&mut self.json));
                self.json.extend(said.map(|said| ("description".to_owned(), said)));
                self.with("anyOf", json!([own, { "type": "null" }]))
            }
        }
    }

    /// It is a number or a length within these bounds.
    pub(crate) fn within(self, least: u64, most: u64) -> Schema {
        let (least_word, most_word) = match self.json.get("type").and_then(Value::as_str) {
            Some("string") => ("minLength", "maxLength"),
            Some("array") => ("minItems", "maxItems"),
            _ => ("minimum", "maximum"),
        };
        self.with(least_word, json!(least)).with(most_word, json!(most))
    }

    /// What it is taken for where it is missing.
    pub(crate) fn usually(self, value: impl Into<Value>) -> Schema {
        self.with("default", value.into())
    }

    /// What it may be.
    pub(crate) fn such_as(self, value: impl Into<Value>) -> Schema {
        self.with("examples", json!([value.into()]))
    }

    fn with(mut self, name: &str, value: Value) -> Schema {
        self.json.insert(name.to_owned(), value);
        self
    }
}

/// A text.
pub(crate) fn text(said: &str) -> Schema {
    Schema::of(json!({ "type": "string" })).about(said)
}

/// An instant in UTC, as `2026-11-25T12:00:00Z`.
pub(crate) fn instant(said: &str) -> Schema {
    Schema::of(json!({ "type": "string", "format": "date-time" })).about(said)
}

/// A whole number of at least zero.
pub(crate) fn whole(said: &str) -> Schema {
    Schema::of(json!({ "type": "integer", "minimum": 0 })).about(said)
}

/// A number.
pub(crate) fn number(said: &str) -> Schema {
    Schema::of(json!({ "type": "number" })).about(said)
}

/// True or false.
pub(crate) fn truth(said: &str) -> Schema {
    Schema::of(json!({ "type": "boolean" })).about(said)
}

/// One of some words.
pub(crate) fn word<'a>(said: &str, words: impl IntoIterator<Item = &'a str>) -> Schema {
    let words: Vec<&str> = words.into_iter().collect();
    Schema::of(json!({ "type": "string", "enum": words })).about(said)
}

/// Always the same.
pub(crate) fn fixed(value: impl Into<Value>, said: &str) -> Schema {
    Schema::of(json!({ "const": value.into() })).about(said)
}

/// Whatever it is.
pub(crate) fn anything(said: &str) -> Schema {
    Schema::of(json!({})).about(said)
}

/// A list of items of one kind.
pub(crate) fn list(of: Schema, said: &str) -> Schema {
    let named = of.named.clone();
    let list = json!({ "type": "array", "items": Value::Object(of.json) });
    Schema { named, ..Schema::of(list).about(said) }
}

/// An object whose names are not known before.
pub(crate) fn map(of: Schema, said: &str) -> Schema {
    let named = of.named.clone();
    let map = json!({ "type": "object", "additionalProperties": Value::Object(of.json) });
    Schema { named, ..Schema::of(map).about(said) }
}

/// One of several.
pub(crate) fn either(of: impl IntoIterator<Item = Schema>, said: &str) -> Schema {
    let mut named = Vec::new();
    let mut all = Vec::new();
    for one in of {
        named.extend(one.named);
        all.push(Value::Object(one.json));
    }
    Schema { named, ..Schema::of(json!({ "anyOf": all })).about(said) }
}

/// An object that has these fields and no others.
pub(crate) fn object(said: &str, fields: Fields) -> Schema {
    open(said, fields).with("additionalProperties", json!(false))
}

/// An object that has these fields, and may have others: those that go on as they came.
pub(crate) fn open(said: &str, fields: Fields) -> Schema {
    let required: Vec<&str> =
        fields.iter().filter(|(_, it)| !it.is_optional).map(|(name, _)| *name).collect();
    let mut whole = Schema::of(json!({ "type": "object" })).about(said);
    if !required.is_empty() {
        whole = whole.with("required", json!(required));
    }
    let mut properties = Map::new();
    for (name, field) in fields {
        whole.named.extend(field.named);
        properties.insert(name.to_owned(), Value::Object(field.json));
    }
    whole.with("properties", Value::Object(properties))
}

/// A schema that stands under a name of its own, which others point to.
pub(crate) fn named(name: &'static str, make: fn() -> Schema) -> Schema {
    let pointer = json!({ "$ref": format!("#/components/schemas/{name}") });
    Schema { named: vec![(name, make)], ..Schema::of(pointer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Schema {
        object("A leaf.", vec![("green", truth("It is.")), ("age", whole("Days.").maybe())])
    }

    #[test]
    fn an_object_is_closed_and_demands_what_is_not_optional() {
        insta::assert_snapshot!(leaf().json(), @r#"{"type":"object","description":"A leaf.","required":["green"],"properties":{"green":{"type":"boolean","description":"It is."},"age":{"type":"integer","minimum":0,"description":"Days."}},"additionalProperties":false}"#);
    }

    #[test]
    fn null_is_allowed_in_every_kind_of_schema() {
        let kinds =
            [text("T.").or_null(), word("W.", ["a"]).or_null(), named("Leaf", leaf).or_null()];
        let kinds = kinds.map(|it| it.json().to_string()).join("\n");
        insta::assert_snapshot!(kinds, @r##"
        {"type":["string","null"],"description":"T."}
        {"type":["string","null"],"enum":["a",null],"description":"W."}
        {"anyOf":[{"$ref":"#/components/schemas/Leaf"},{"type":"null"}]}
        "##);
    }

    #[test]
    fn whatever_holds_a_named_schema_carries_it() {
        let held = list(map(either([named("Leaf", leaf)], "E."), "M."), "L.");
        let held = object("O.", vec![("leaves", held)]);
        assert_eq!(held.named().iter().map(|it| it.0).collect::<Vec<_>>(), ["Leaf"]);
    }
}
