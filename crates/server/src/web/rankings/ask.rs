//! What is asked of a ranking, in a query's words.

use super::super::links;

/// What is asked of a ranking. A word that no board has asks for the usual one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    /// Over how long.
    pub window: Option<String>,
    /// By what.
    pub order: Option<String>,
    /// Of which requests: the kind of slice and which.
    pub slice: Option<(&'static str, String)>,
    /// Of which model.
    pub model: Option<String>,
}

/// The kinds of slices, as queries name them.
const SLICES: [&str; 6] = ["task", "group", "language", "context", "tools", "app"];

impl Ask {
    /// Reads a query; what it does not know it leaves out.
    pub(super) fn read(pairs: &[(String, String)]) -> Ask {
        let mut ask = Ask::default();
        for (name, value) in pairs.iter().filter(|pair| !pair.1.is_empty()) {
            match name.as_str() {
                "window" => ask.window = Some(value.clone()),
                "by" => ask.order = Some(value.clone()),
                "model" => ask.model = Some(value.clone()),
                name => {
                    let kind = SLICES.iter().find(|kind| **kind == name);
                    ask.slice = kind.map(|kind| (*kind, value.clone())).or(ask.slice);
                }
            }
        }
        ask
    }

    /// Returns whether nothing is asked but the usual.
    pub(super) fn is_plain(&self) -> bool {
        *self == Ask::default()
    }

    /// Writes it as a query.
    pub(super) fn query(&self) -> String {
        let pair = |name: &str, value: &Option<String>| {
            value.clone().map(|value| (name.to_owned(), value))
        };
        let slice = self.slice.clone().map(|(kind, value)| (kind.to_owned(), value));
        let pairs = [
            pair("window", &self.window),
            pair("by", &self.order),
            slice,
            pair("model", &self.model),
        ];
        links::query(&pairs.into_iter().flatten().collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_and_written_in_one_order() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let asked =
            [pair("by", "spend"), pair("x", "y"), pair("task", "math"), pair("window", "day")];
        let ask = Ask::read(&asked);
        assert_eq!(ask.query(), "window=day&by=spend&task=math");
        assert!(!ask.is_plain() && Ask::read(&[pair("window", "")]).is_plain());
    }
}
