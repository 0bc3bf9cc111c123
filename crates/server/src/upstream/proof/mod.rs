//! How a request proves who sends it: by a header that never changes, by a signature of its own, or
//! by a token that was fetched for it.

mod aws;
mod google;
mod service_key;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::Auth;
use domain::failure::Failure;
use domain::secret::Secret;
use domain::time::Timestamp;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;

use self::aws::AwsKey;
use self::token::TokenSource;
use super::clients::Clients;
use super::credential::Credential;

/// A provider's proof, shared by its endpoints.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Nothing is proved.
    None,
    /// A header, as it is.
    Header(HeaderName, HeaderValue),
    /// A signature over the request.
    Aws(Arc<AwsKey>),
    /// A token that is fetched, kept, and fetched anew before it expires.
    Token(Arc<TokenSource>),
}

impl Proof {
    /// Makes the proofs of a provider, one for each secret. `private`: the operator lets it be
    /// reached anywhere.
    ///
    /// # Errors
    /// A sentence for the operator, when a secret is none of the kind. It never repeats it.
    pub fn all(auth: Auth, credential: &Credential, private: bool) -> Result<Vec<Proof>, String> {
        let of = |secret| Proof::of(auth, secret, credential, private);
        credential.secrets.iter().map(of).collect()
    }

    fn of(
        auth: Auth,
        secret: &Secret,
        credential: &Credential,
        private: bool,
    ) -> Result<Proof, String> {
        let name = match auth {
            Auth::None => return Ok(Proof::None),
            Auth::Bearer => return bearer(secret),
            // A key of Bedrock's own is no pair.
            Auth::Aws if !secret.expose().contains(':') => return bearer(secret),
            Auth::Aws => {
                let key = AwsKey::read(secret, credential.placeholders.get("region"))?;
                return Ok(Proof::Aws(Arc::new(key)));
            }
            Auth::GcpOauth => {
                let grant = google::grant(secret)?;
                return Ok(Proof::Token(Arc::new(TokenSource::new(grant, private)?)));
            }
            Auth::OauthServiceKey => {
                let grant = service_key::grant(secret)?;
                return Ok(Proof::Token(Arc::new(TokenSource::new(grant, private)?)));
            }
            Auth::XApiKey => "x-api-key",
            Auth::ApiKey => "api-key",
            Auth::XGoogApiKey => "x-goog-api-key",
            Auth::XiApiKey => "xi-api-key",
        };
        Ok(Proof::Header(HeaderName::from_static(name), value(secret.expose())?))
    }

    /// Adds the proof to a request that is otherwise ready to leave.
    ///
    /// # Errors
    /// The credential's, when no token comes.
    pub(super) async fn add(
        &self,
        request: &mut Request<Full<Bytes>>,
        body: &[u8],
        clients: &Clients,
        now: Timestamp,
    ) -> Result<(), Failure> {
        match self {
            Proof::None => (),
            Proof::Header(name, value) => {
                request.headers_mut().insert(name.clone(), value.clone());
            }
            Proof::Aws(key) => key.sign(request, body, now),
            Proof::Token(source) => {
                let token = source.token(clients, now).await?;
                request.headers_mut().insert(http::header::AUTHORIZATION, token);
            }
        }
        Ok(())
    }
}

/// Returns what a credential tells of the places where it opens something, by the names of the
/// placeholders that it fills.
pub fn places(auth: Auth, secret: &Secret) -> BTreeMap<String, String> {
    let told = match auth {
        Auth::GcpOauth => google::places(secret),
        Auth::OauthServiceKey => service_key::places(secret),
        _ => Vec::new(),
    };
    told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn bearer(secret: &Secret) -> Result<Proof, String> {
    let shown = format!("Bearer {}", secret.expose());
    Ok(Proof::Header(http::header::AUTHORIZATION, value(&shown)?))
}

/// Returns a header's value that no log shows.
fn value(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text.trim())
        .map_err(|_| "the credential holds characters that no header can carry".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
