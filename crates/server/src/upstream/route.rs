//! How one endpoint is reached: its address with the placeholders filled, and what proves who
//! calls.

use std::collections::BTreeMap;

use domain::catalog::{Dialect, Endpoint};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Uri};

use super::proof::Proof;

/// How one endpoint is reached.
#[derive(Clone, Debug)]
pub struct Route {
    scheme: Scheme,
    authority: Authority,
    /// The path of the base URL, without a slash at its end.
    base_path: String,
    /// Where chat completions go: made once, for it is what nearly every request wants.
    chat: Uri,
    /// What proves who calls: one for each secret.
    pub(super) proofs: Vec<Proof>,
    /// The headers of every request.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// The host may be on loopback or a private network.
    pub(super) private: bool,
    /// Who is there is not told: nothing of how it answers may tell it.
    pub(super) veiled: bool,
}

const CHAT_PATH: &str = "/chat/completions";

impl Route {
    /// Fills an endpoint's address.
    ///
    /// # Errors
    /// A sentence for the operator, when a placeholder has no value or the address is none.
    pub fn new(
        endpoint: &Endpoint,
        proofs: Vec<Proof>,
        placeholders: &BTreeMap<String, String>,
    ) -> Result<Route, String> {
        let filled = fill(&endpoint.base_url, placeholders)?;
        let uri: Uri = filled
            .trim_end_matches('/')
            .parse()
            .map_err(|_| format!("`{filled}` is no address"))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or_else(|| format!("`{filled}` has no scheme"))?;
        let authority = parts.authority.ok_or_else(|| format!("`{filled}` has no host"))?;
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        let base_path = path.trim_end_matches('/').to_owned();
        let chat = join(&scheme, &authority, &base_path, CHAT_PATH)
            .ok_or_else(|| format!("`{filled}` is no address"))?;
        Ok(Route {
            scheme,
            authority,
            base_path,
            chat,
            proofs,
            headers: added(endpoint, placeholders)?,
            private: endpoint.private_network,
            veiled: endpoint.veiled,
        })
    }

    /// Returns the address of a path below the base URL, which begins with a slash.
    pub(super) fn uri(&self, path: &str) -> Option<Uri> {
        if path == CHAT_PATH {
            return Some(self.chat.clone());
        }
        join(&self.scheme, &self.authority, &self.base_path, path)
    }
}

fn join(scheme: &Scheme, authority: &Authority, base: &str, path: &str) -> Option<Uri> {
    Uri::builder()
        .scheme(scheme.clone())
        .authority(authority.clone())
        .path_and_query(format!("{base}{path}"))
        .build()
        .ok()
}

fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            return Err(format!("`{template}` has a brace that does not close"));
        };
        let value = values.get(name).ok_or_else(|| format!("`{name}` is not set"))?;
        if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
            return Err(format!("`{name}` may hold letters, digits, dots, dashes and underscores"));
        }
        filled.push_str(before);
        filled.push_str(value);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The header that names the group of an account's resources, in the dialect that has them.
const RESOURCE_GROUP: HeaderName = HeaderName::from_static("ai-resource-group");

fn added(
    endpoint: &Endpoint,
    placeholders: &BTreeMap<String, String>,
) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let read = |(name, value): &(String, String)| {
        let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header"))?;
        let value: HeaderValue =
            value.parse().map_err(|_| format!("the header `{name}` has no valid value"))?;
        Ok::<_, String>((name, value))
    };
    let mut headers: Vec<_> = endpoint.headers.iter().map(read).collect::<Result<_, _>>()?;
    if endpoint.dialect == Dialect::SapOrchestration {
        let group = placeholders.get("resource_group").map_or("default", String::as_str);
        let group = group.parse().map_err(|_| "`resource_group` has no valid value".to_owned())?;
        headers.push((RESOURCE_GROUP, group));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_cannot_move_the_host() {
        let with = |value: &str| BTreeMap::from([("account".to_owned(), value.to_owned())]);
        let url = "https://{account}.example.com/v1";
        assert_eq!(fill(url, &with("acme-1")).unwrap(), "https://acme-1.example.com/v1");
        assert!(fill(url, &with("evil.com/")).is_err());
        assert!(fill(url, &with("a@evil.com")).is_err());
        assert_eq!(fill(url, &BTreeMap::new()).unwrap_err(), "`account` is not set");
    }
}
