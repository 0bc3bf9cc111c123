//! How one endpoint is reached: its address with the placeholders filled, and its credential.

use std::collections::BTreeMap;

use domain::catalog::{Auth, Endpoint};
use domain::secret::Secret;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Uri};

/// What opens a provider's door.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The credential; none where the provider wants none.
    pub secret: Option<Secret>,
    /// What fills the placeholders of its addresses.
    pub placeholders: BTreeMap<String, String>,
}

/// How one endpoint is reached.
#[derive(Clone, Debug)]
pub struct Route {
    scheme: Scheme,
    authority: Authority,
    /// The path of the base URL, without a slash at its end.
    base_path: String,
    /// Where chat completions go: made once, for it is what nearly every request wants.
    chat: Uri,
    credential: Option<(HeaderName, HeaderValue)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The host may be on loopback or a private network.
    pub(super) private: bool,
}

const CHAT_PATH: &str = "/chat/completions";

impl Route {
    /// Fills an endpoint's address and makes its credential ready.
    ///
    /// # Errors
    /// A sentence for the operator, when a placeholder has no value, the address is none, or the
    /// credential cannot stand in a header. It never repeats the credential.
    pub fn new(endpoint: &Endpoint, auth: Auth, credential: &Credential) -> Result<Route, String> {
        let filled = fill(&endpoint.base_url, &credential.placeholders)?;
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
            credential: header(auth, credential)?,
            headers: added(endpoint)?,
            private: endpoint.private_network,
        })
    }

    /// Returns the address of a path below the base URL, which begins with a slash.
    pub(super) fn uri(&self, path: &str) -> Option<Uri> {
        if path == CHAT_PATH {
            return Some(self.chat.clone());
        }
        join(&self.scheme, &self.authority, &self.base_path, path)
    }

    /// Returns the headers of every request, the credential among them.
    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        self.credential.iter().chain(&self.headers).cloned()
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

fn header(
    auth: Auth,
    credential: &Credential,
) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    let Some(secret) = &credential.secret else { return Ok(None) };
    let (name, text) = match auth {
        Auth::Bearer => (http::header::AUTHORIZATION, format!("Bearer {}", secret.expose())),
        Auth::XApiKey => (HeaderName::from_static("x-api-key"), secret.expose().to_owned()),
        Auth::ApiKey => (HeaderName::from_static("api-key"), secret.expose().to_owned()),
        Auth::XGoogApiKey => {
            (HeaderName::from_static("x-goog-api-key"), secret.expose().to_owned())
        }
        Auth::XiApiKey => (HeaderName::from_static("xi-api-key"), secret.expose().to_owned()),
        Auth::None => return Ok(None),
        Auth::Aws | Auth::GcpOauth | Auth::OauthServiceKey => {
            return Err("this way of showing a credential is not spoken yet".to_owned());
        }
    };
    let mut value = HeaderValue::from_str(text.trim())
        .map_err(|_| "the credential holds characters that no header can carry".to_owned())?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

fn added(endpoint: &Endpoint) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    endpoint
        .headers
        .iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header"))?;
            let value: HeaderValue =
                value.parse().map_err(|_| format!("the header `{name}` has no valid value"))?;
            Ok((name, value))
        })
        .collect()
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
