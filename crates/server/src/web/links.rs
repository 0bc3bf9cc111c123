//! Addresses of pages, made from names and from fields of a query.

use std::fmt::Write as _;

use domain::catalog::STEALTH;
use site::compare::MODELS_MAX;

/// Where it stands how rankings are counted.
pub(super) const METHODOLOGY: &str = "/rankings/methodology";

/// The fields that narrow or order a list of models, and whether each is a list.
pub(super) const FIELDS: [(&str, bool); 17] = [
    ("q", false),
    ("supported_parameters", true),
    ("input_modalities", true),
    ("output_modalities", true),
    ("context", false),
    ("min_price", false),
    ("max_price", false),
    ("min_output_price", false),
    ("max_output_price", false),
    ("arch", false),
    ("model_authors", true),
    ("providers", true),
    ("zdr", false),
    ("region", false),
    ("min_age_days", false),
    ("max_age_days", false),
    ("available", false),
];

/// Where the page of a model is.
pub(super) fn model(id: &str) -> String {
    format!("/models/{}", path(id))
}

/// Where the page of an author is.
pub(super) fn author(name: &str) -> String {
    format!("/models/{}", path(name))
}

/// Where the page of a provider is; of one that is not told, what that means.
pub(super) fn provider(slug: &str) -> String {
    if slug == STEALTH {
        return "/docs/stealth".to_owned();
    }
    format!("/providers/{}", path(slug))
}

/// What the page of an application is called: its address, where it is `https` without saying so.
/// A colon stands for what is left of another scheme.
pub(super) fn app_name(url: &str) -> String {
    match url.strip_prefix("https://") {
        Some(rest) => rest.to_owned(),
        None => url.replacen("://", ":", 1),
    }
}

/// Where the page of an application is.
pub(super) fn app(url: &str) -> String {
    format!("/apps/{}", path(&app_name(url)))
}

/// Where the page of a ranking is.
pub(super) fn ranking(name: &str) -> String {
    match name {
        "models" => "/rankings".to_owned(),
        "apps" => "/apps".to_owned(),
        name => format!("/rankings/{name}"),
    }
}

/// Where some models stand side by side.
pub(super) fn compare(ids: &[&str]) -> String {
    format!("/compare?m={}", ids.iter().map(|id| escaped(id, "/:")).collect::<Vec<_>>().join(","))
}

fn path(name: &str) -> String {
    escaped(name, "/:@")
}

/// Returns the fields of a query that a list of models knows, each once, in one order, lists taken
/// apart. So one list has one address.
pub(super) fn normal(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut known: Vec<(String, String)> = Vec::new();
    for (name, is_list) in FIELDS.into_iter().chain([("sort", false)]) {
        let values = pairs.iter().filter(|pair| pair.0 == name).map(|pair| pair.1.trim());
        let mut values: Vec<&str> = if is_list {
            values.flat_map(|value| value.split(',')).map(str::trim).collect()
        } else {
            values.collect()
        };
        values.retain(|value| !value.is_empty());
        if is_list {
            values.sort_unstable();
            values.dedup();
        } else {
            values = values.pop().into_iter().collect();
        }
        known.extend(values.into_iter().map(|value| (name.to_owned(), value.to_owned())));
    }
    known
}

/// Returns fields with one more.
pub(super) fn with(pairs: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut more = pairs.to_vec();
    more.push((name.to_owned(), value.to_owned()));
    normal(&more)
}

/// Returns fields without one.
pub(super) fn without(
    pairs: &[(String, String)],
    gone: &(String, String),
) -> Vec<(String, String)> {
    pairs.iter().filter(|pair| *pair != gone).cloned().collect()
}

/// Writes fields as a query, without its question mark.
pub(super) fn query(pairs: &[(String, String)]) -> String {
    let field = |(name, value): &(String, String)| format!("{name}={}", escaped(value, "/:,"));
    pairs.iter().map(field).collect::<Vec<_>>().join("&")
}

/// Returns a path with fields as its query.
pub(super) fn address(path: &str, pairs: &[(String, String)]) -> String {
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", query(pairs)) }
}

/// The names that a query has under `m`, each once.
pub(super) fn names(pairs: &[(String, String)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let all = pairs.iter().filter(|pair| pair.0 == "m").flat_map(|pair| pair.1.split(','));
    for name in all.map(str::trim).filter(|name| !name.is_empty()) {
        let name: String = name.chars().filter(|it| !it.is_control()).take(100).collect();
        if names.len() < MODELS_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Writes every byte that is neither a letter, a digit, one of `-._~` nor in `kept` as `%XX`.
fn escaped(text: &str, kept: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(letter) || kept.contains(letter) {
            written.push(letter);
        } else {
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, String)> {
        let fields = query.split('&').filter_map(|field| field.split_once('='));
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn one_list_has_one_address() {
        let expected =
            "q=kimi&supported_parameters=reasoning&supported_parameters=tools&sort=newest";
        for same in [
            "sort=newest&supported_parameters=tools,reasoning&q=kimi",
            "supported_parameters=reasoning&q=old&q=kimi&supported_parameters=tools&sort=newest",
            "q=kimi&zdr=&supported_parameters=tools,reasoning,tools&sort=newest&offset=60&x=1",
        ] {
            assert_eq!(query(&normal(&pairs(same))), expected, "{same}");
        }
    }

    #[test]
    fn a_filter_that_is_added_and_taken_away_leaves_the_address_as_it_was() {
        let before = normal(&pairs("q=a&context=1000"));
        let more = with(&before, "input_modalities", "image");
        assert_eq!(query(&more), "q=a&input_modalities=image&context=1000");
        let gone = ("input_modalities".to_owned(), "image".to_owned());
        assert_eq!(without(&more, &gone), before);
    }

    #[test]
    fn names_cannot_break_out_of_an_address() {
        assert_eq!(model("a/b\"><c?d#e"), "/models/a/b%22%3E%3Cc%3Fd%23e");
        assert_eq!(app("https://github.com/who/what"), "/apps/github.com/who/what");
        assert_eq!(app("http://localhost:3000"), "/apps/http:localhost:3000");
        assert_eq!(app("https://a\"><b"), "/apps/a%22%3E%3Cb");
        assert_eq!(query(&[("q".to_owned(), "a&b=ü".to_owned())]), "q=a%26b%3D%C3%BC");
        assert_eq!(compare(&["a/b:free", "c/d,e"]), "/compare?m=a/b:free,c/d%2Ce");
    }

    #[test]
    fn names_may_come_in_one_list_or_in_many_fields() {
        let pair = |value: &str| ("m".to_owned(), value.to_owned());
        assert_eq!(
            names(&[pair("a/b, c/d"), pair("a/b"), pair(""), pair("e/f")]),
            ["a/b", "c/d", "e/f"]
        );
        assert_eq!(names(&[pair("1,2,3,4,5,6,7,8")]).len(), MODELS_MAX);
    }
}
