//! What is said beside an answer to whoever asked for a stealth model by the name that it had.

use domain::catalog::Catalog;
use domain::launch::Reveal;
use http::header::LINK;
use http::{HeaderMap, HeaderName, HeaderValue};

/// When the name stopped to be the model's own, as RFC 9745 has it: seconds since 1970.
pub(crate) const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// Returns what the first of some names was, where it is one that a stealth model had. Variants
/// behind it do not matter.
pub(super) fn of(catalog: &Catalog, names: &[String]) -> Option<Reveal> {
    let found = |name: &String| {
        let mut name = name.as_str();
        loop {
            match (catalog.revealed(name), name.rsplit_once(':')) {
                (Some(reveal), _) => return Some(reveal.clone()),
                (None, Some((rest, _))) => name = rest,
                (None, None) => return None,
            }
        }
    };
    names.iter().find_map(found)
}

/// Says since when the name is old, and where the model is.
pub(super) fn tell(headers: &mut HeaderMap, reveal: &Reveal, public_url: &str) {
    let link = format!("<{public_url}/api/v1/models/{}>; rel=\"successor-version\"", reveal.model);
    let since = format!("@{}", reveal.at.seconds());
    for (name, value) in [(DEPRECATION, since), (LINK, link)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name, value);
        }
    }
}
