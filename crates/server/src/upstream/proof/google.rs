//! Google's credentials: the key of a service account, or the leave that a person gave.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::secret::Secret;
use domain::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;

use super::token::{Form, Grant};

/// What may be done with the token.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where tokens come from, unless the credential says otherwise.
const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// Seconds for which an assertion holds: the most that Google takes.
const ASSERTION_S: i64 = 3600;

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    project_id: String,
    #[serde(default)]
    quota_project_id: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    token_uri: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    refresh_token: String,
}

fn read(secret: &Secret) -> Result<File, String> {
    serde_json::from_str(secret.expose())
        .map_err(|_| "the credential is no JSON file as Google gives it out".to_owned())
}

/// Returns what a credential tells of where it opens something.
pub(super) fn places(secret: &Secret) -> Vec<(&'static str, String)> {
    let Ok(file) = read(secret) else { return Vec::new() };
    let project = [file.project_id, file.quota_project_id].into_iter().find(|it| !it.is_empty());
    project.map(|project| ("project", project)).into_iter().collect()
}

/// Returns what is asked for a token.
///
/// # Errors
/// A sentence for the operator, when the credential is none that is spoken here.
pub(super) fn grant(secret: &Secret) -> Result<Grant, String> {
    let file = read(secret)?;
    let url = if file.token_uri.is_empty() { TOKENS } else { &file.token_uri };
    let url = url.to_owned();
    let form: Box<dyn Form> = match file.kind.as_str() {
        "service_account" => Box::new(Account::of(&file, &url)?),
        "authorized_user" => {
            let all = [&file.client_id, &file.client_secret, &file.refresh_token];
            if all.iter().any(|part| part.is_empty()) {
                return Err("the credential lacks a part of what a person's leave has".to_owned());
            }
            Box::new(Leave {
                client_id: file.client_id,
                client_secret: Secret::new(file.client_secret),
                refresh_token: Secret::new(file.refresh_token),
            })
        }
        _ => {
            return Err("the credential is neither of a service account nor of an authorized \
                        user; no other kind is spoken here"
                .to_owned());
        }
    };
    Ok(Grant { url, form, basic: None })
}

/// A service account: it signs what it asks with its own key.
struct Account {
    email: String,
    key_id: String,
    key: RsaKeyPair,
    audience: String,
}

impl Account {
    fn of(file: &File, audience: &str) -> Result<Account, String> {
        let bad = |_| "the service account's private key cannot be read".to_owned();
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes())
            .map_err(|error| bad(error.to_string()))?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            .map_err(|error| bad(error.to_string()))?;
        if file.client_email.is_empty() {
            return Err("the service account's file has no `client_email`".to_owned());
        }
        Ok(Account {
            email: file.client_email.clone(),
            key_id: file.private_key_id.clone(),
            key,
            audience: audience.to_owned(),
        })
    }

    /// Returns the assertion (RFC 7523): who asks for what, until when, and the signature over it.
    fn assertion(&self, now: Timestamp) -> Option<String> {
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let from = now.seconds();
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": self.audience,
            "iat": from, "exp": from + ASSERTION_S
        });
        let [head, claims] = [head, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let told = format!("{head}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, told.as_bytes(), &mut signature).ok()?;
        Some(format!("{told}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Form for Account {
    fn fields(&self, now: Timestamp) -> Option<Vec<(&'static str, String)>> {
        Some(vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
            ("assertion", self.assertion(now)?),
        ])
    }
}

/// The leave that a person gave: what `gcloud auth application-default login` keeps.
struct Leave {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
}

impl Form for Leave {
    fn fields(&self, _: Timestamp) -> Option<Vec<(&'static str, String)>> {
        Some(vec![
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", self.client_id.clone()),
            ("client_secret", self.client_secret.expose().to_owned()),
            ("refresh_token", self.refresh_token.expose().to_owned()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    const PEM: &str = include_str!("../../../tests/keys/service_account.pem");

    fn file() -> Value {
        json!({"type": "service_account", "project_id": "acme", "private_key_id": "k1",
            "client_email": "a@acme.example", "private_key": PEM})
    }

    fn secret(file: &Value) -> Secret {
        Secret::new(file.to_string())
    }

    #[test]
    fn an_assertion_says_who_asks_for_what_and_is_signed() {
        let file: File = serde_json::from_value(file()).unwrap();
        let account = Account::of(&file, TOKENS).unwrap();
        let now = Timestamp::parse("2026-11-25T10:00:00Z").unwrap();
        let assertion = account.assertion(now).unwrap();
        let (told, signature) = assertion.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = account.key.public_key();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        key.verify(told.as_bytes(), &signature).unwrap();
        let part = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (head, claims) = told.split_once('.').unwrap();
        assert_eq!(part(head), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        let expected = json!({"iss": "a@acme.example", "scope": SCOPE, "aud": TOKENS,
            "iat": now.seconds(), "exp": now.seconds() + 3600});
        assert_eq!(part(claims), expected);
    }

    #[test]
    fn the_project_is_known_from_the_file() {
        assert_eq!(places(&secret(&file())), [("project", "acme".to_owned())]);
        assert_eq!(places(&Secret::new("no JSON".to_owned())), []);
    }

    #[test]
    fn what_is_no_credential_is_told_without_repeating_it() {
        let mut bad = file();
        bad["private_key"] =
            json!("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----");
        let mut other = file();
        other["type"] = json!("external_account");
        let leave = json!({"type": "authorized_user", "client_id": "c"});
        for secret in [secret(&bad), secret(&other), secret(&leave), Secret::new("k".to_owned())] {
            let said = grant(&secret).err().unwrap();
            assert!(!said.contains("c2VjcmV0") && said.len() < 120, "{said}");
        }
        let whole = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s",
            "refresh_token": "r"});
        let fields = grant(&secret(&whole)).unwrap().form.fields(Timestamp::from_ms(0)).unwrap();
        assert_eq!(fields[0], ("grant_type", "refresh_token".to_owned()));
    }
}
