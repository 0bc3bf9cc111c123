//! What an offer costs, as the source says it and as the catalog writes it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::amount::Amount;

/// The parts of a price in the order in which they are written.
const ORDER: [&str; 14] = [
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "input_audio",
    "output_audio",
    "image",
    "request",
    "per_1k_requests",
    "citation",
    "minute",
    "character_m",
];

/// Fields of the source and the parts that they are; the last three are misspelt there.
const FIELDS: [(&str, &str); 12] = [
    ("input", "input"),
    ("output", "output"),
    ("cache_read", "cache_read"),
    ("cache_write", "cache_write"),
    ("reasoning", "reasoning"),
    ("input_audio", "input_audio"),
    ("output_audio", "output_audio"),
    ("request", "per_1k_requests"),
    ("citation", "citation"),
    ("cached_input", "cache_read"),
    ("cache_input", "cache_read"),
    ("cached_write", "cache_write"),
];

/// The parts of a price by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Price(BTreeMap<String, Amount>);

impl Price {
    /// Reads the parts that the catalog knows from `cost`, as pairs of a name and a JSON number.
    ///
    /// # Errors
    /// The name of the first field that holds no amount.
    pub(super) fn of_cost<'a>(
        cost: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Price, String> {
        let mut price = Price::default();
        for (field, number) in cost {
            let Some(part) = part(field) else { continue };
            let amount = Amount::parse(number).ok_or_else(|| field.to_owned())?;
            price.0.insert(part.to_owned(), amount);
        }
        Ok(price)
    }

    /// Reads a table of the catalog, such as `{ input = "0.05", output = "0.08" }`.
    ///
    /// Returns `None` if a part is no text of an amount.
    pub(super) fn of_table(table: &Table) -> Option<Price> {
        let read = |(part, value): (&String, &Value)| {
            Some((part.clone(), Amount::parse(value.as_str()?)?))
        };
        table.iter().map(read).collect::<Option<_>>().map(Price)
    }

    /// Reads pairs of a part and its text, as the hand-kept tables have them.
    pub(super) fn of_texts(texts: &BTreeMap<String, String>) -> Option<Price> {
        let read = |(part, text): (&String, &String)| Some((part.clone(), Amount::parse(text)?));
        texts.iter().map(read).collect::<Option<_>>().map(Price)
    }

    /// The amount of a part.
    pub(super) fn part(&self, part: &str) -> Option<Amount> {
        self.0.get(part).copied()
    }

    /// Sets a part.
    pub(super) fn insert(&mut self, part: &str, amount: Amount) {
        self.0.insert(part.to_owned(), amount);
    }

    /// Takes a part out.
    pub(super) fn remove(&mut self, part: &str) -> Option<Amount> {
        self.0.remove(part)
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something is known, and all of it is nothing.
    pub(super) fn is_zero(&self) -> bool {
        !self.is_empty() && self.0.values().all(|amount| amount.is_zero())
    }

    /// The parts in the order of writing.
    pub(super) fn parts(&self) -> Vec<(&str, Amount)> {
        let place = |part: &str| ORDER.iter().position(|name| *name == part).unwrap_or(ORDER.len());
        let mut parts: Vec<(&str, Amount)> =
            self.0.iter().map(|(part, amount)| (part.as_str(), *amount)).collect();
        parts.sort_by_key(|(part, _)| place(part));
        parts
    }

    /// The parts that the source has no field for.
    pub(super) fn hand_kept(&self) -> Price {
        let has_field = |part: &str| FIELDS.iter().any(|(_, known)| *known == part);
        let kept = self.0.iter().filter(|(part, _)| !has_field(part));
        Price(kept.map(|(part, amount)| (part.clone(), *amount)).collect())
    }

    /// Whether every part of `base` stands here too, at the same amount.
    pub(super) fn holds(&self, base: &Price) -> bool {
        base.0.iter().all(|(part, amount)| self.part(part) == Some(*amount))
    }

    /// Takes out parts that are nothing although others are not.
    ///
    /// A cache price of nothing beside a real price means that there is no such price, and taken at
    /// its word it would give those tokens away.
    pub(super) fn drop_zeros(&mut self, parts: &[&str]) {
        self.0.retain(|part, amount| !(amount.is_zero() && parts.contains(&part.as_str())));
    }

    /// The value that the catalog writes.
    pub(super) fn to_toml(&self) -> String {
        let parts: Vec<String> =
            self.parts().iter().map(|(part, amount)| format!("{part} = \"{amount}\"")).collect();
        format!("{{ {} }}", parts.join(", "))
    }
}

/// Whether the importer knows the field of a cost.
pub(super) fn is_known_field(field: &str) -> bool {
    part(field).is_some() || matches!(field, "tiers" | "context_over_200k")
}

fn part(field: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(name, _)| *name == field).map(|(_, part)| *part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_fields_are_understood_and_strange_ones_left() {
        let cost = [("cached_input", "0.1"), ("output", "2"), ("input", "1"), ("vibes", "9")];
        let price = Price::of_cost(cost.into_iter()).unwrap();
        assert_eq!(price.to_toml(), "{ input = \"1\", output = \"2\", cache_read = \"0.1\" }");
    }

    #[test]
    fn a_cache_price_of_nothing_is_no_price() {
        let cost = [("input", "1"), ("output", "0"), ("cache_write", "0")];
        let mut price = Price::of_cost(cost.into_iter()).unwrap();
        price.drop_zeros(&["cache_read", "cache_write"]);
        assert_eq!(price.to_toml(), "{ input = \"1\", output = \"0\" }");
    }

    #[test]
    fn a_field_without_an_amount_is_named() {
        assert_eq!(Price::of_cost([("input", "-1")].into_iter()), Err("input".to_owned()));
    }
}
