//! The service key of a platform that gives tokens for a client's id and secret (RFC 6749, section
//! 4.4), as SAP writes it.

use domain::secret::Secret;
use domain::time::Timestamp;
use serde::Deserialize;

use super::token::{Form, Grant};

#[derive(Deserialize)]
struct ServiceKey {
    #[serde(default)]
    clientid: String,
    #[serde(default)]
    clientsecret: String,
    /// Who gives tokens out.
    #[serde(default)]
    url: String,
    #[serde(default)]
    serviceurls: ServiceUrls,
}

#[derive(Default, Deserialize)]
struct ServiceUrls {
    #[serde(default, rename = "AI_API_URL")]
    ai_api: String,
}

/// Whoever holds the id and the secret.
struct Client;

impl Form for Client {
    fn fields(&self, _: Timestamp) -> Option<Vec<(&'static str, String)>> {
        Some(vec![("grant_type", "client_credentials".to_owned())])
    }
}

fn read(secret: &Secret) -> Result<ServiceKey, String> {
    serde_json::from_str(secret.expose())
        .map_err(|_| "the credential is no service key, which is a JSON object".to_owned())
}

/// Returns what a service key tells of where it opens something: the region is what stands between
/// the fixed parts of the host's name.
pub(super) fn places(secret: &Secret) -> Vec<(&'static str, String)> {
    let Ok(key) = read(secret) else { return Vec::new() };
    let host = key.serviceurls.ai_api.trim_end_matches('/').strip_prefix("https://api.ai.");
    let region = host.and_then(|host| host.split_once(".ml.hana.ondemand.com"));
    region.map(|(region, _)| ("region", region.to_owned())).into_iter().collect()
}

/// Returns what is asked for a token.
///
/// # Errors
/// A sentence for the operator, when the credential is none that is spoken here.
pub(super) fn grant(secret: &Secret) -> Result<Grant, String> {
    let key = read(secret)?;
    if key.clientid.is_empty() || key.url.is_empty() {
        return Err("the service key lacks `clientid` or `url`".to_owned());
    }
    if key.clientsecret.is_empty() {
        return Err(
            "the service key has no `clientsecret`; certificates are not spoken here".into()
        );
    }
    Ok(Grant {
        url: format!("{}/oauth/token", key.url.trim_end_matches('/')),
        form: Box::new(Client),
        basic: Some((key.clientid, Secret::new(key.clientsecret))),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn secret(key: &Value) -> Secret {
        Secret::new(key.to_string())
    }

    #[test]
    fn a_service_key_says_where_tokens_come_from_and_where_they_open() {
        let key = json!({
            "clientid": "sb-1", "clientsecret": "s3", "url": "https://acme.authentication.example/",
            "serviceurls": {"AI_API_URL": "https://api.ai.prod.eu-central-1.aws.ml.hana.ondemand.com"}
        });
        let grant = grant(&secret(&key)).unwrap();
        assert_eq!(grant.url, "https://acme.authentication.example/oauth/token");
        assert_eq!(grant.basic.map(|(id, _)| id).as_deref(), Some("sb-1"));
        assert_eq!(places(&secret(&key)), [("region", "prod.eu-central-1.aws".to_owned())]);
    }

    #[test]
    fn half_a_key_is_told() {
        for key in [json!({}), json!({"clientid": "c", "url": "https://a.example"}), json!([])] {
            assert!(grant(&secret(&key)).is_err(), "{key}");
        }
    }
}
