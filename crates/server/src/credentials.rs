//! What opens providers' doors: from the configuration, and from the environment.

use std::collections::BTreeMap;
use std::path::Path;

use domain::catalog::{Auth, Provider};
use domain::secret::Secret;

use crate::config::{Config, ProviderConfig};
use crate::upstream::{Credential, places};

/// Looks a variable of the environment up. Tests pass their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether a provider can be called, and if not, why.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It can.
    Active(Credential),
    /// It has no credential here.
    NoCredential,
    /// It was switched off.
    Disabled,
    /// Something about its credential is wrong.
    Faulty(String),
}

/// Finds out whether a provider can be called. What the configuration says goes before the
/// environment.
pub fn standing(provider: &Provider, config: &Config, environment: Environment<'_>) -> Standing {
    let said = config.providers.get(&provider.slug);
    let enabled = said.and_then(|said| said.enabled);
    if enabled == Some(false) || (provider.disabled && enabled != Some(true)) {
        return Standing::Disabled;
    }
    let secrets = match secrets(provider, said, environment) {
        Ok(secrets) => secrets,
        Err(fault) => return Standing::Faulty(fault),
    };
    if secrets.is_empty() && provider.auth != Auth::None {
        return Standing::NoCredential;
    }
    let told = secrets.first().map(|secret| places(provider.auth, secret)).unwrap_or_default();
    let placeholders = placeholders(provider, said, environment, told);
    Standing::Active(Credential { secrets, placeholders })
}

fn secrets(
    provider: &Provider,
    said: Option<&ProviderConfig>,
    environment: Environment<'_>,
) -> Result<Vec<Secret>, String> {
    if let Some(said) = said {
        let mut told: Vec<Secret> = said.key.iter().chain(&said.keys).cloned().collect();
        if let Some(path) = said.key_file.as_deref().filter(|_| told.is_empty()) {
            told.push(read(path)?);
        }
        if !told.is_empty() {
            return Ok(told);
        }
    }
    let set = |name: &str| {
        let text = environment(name)?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let found = provider.key_env.iter().find_map(|name| Some((name.as_str(), set(name)?)));
    match found {
        None => Ok(Vec::new()),
        Some((AWS_ID, id)) if provider.auth == Auth::Aws => {
            aws(&id, &set).map(|secret| vec![secret])
        }
        // Google's variable names a file.
        Some((_, text)) if provider.auth == Auth::GcpOauth && !text.starts_with('{') => {
            read(Path::new(&text)).map(|secret| vec![secret])
        }
        Some((_, text)) => Ok(vec![Secret::new(text)]),
    }
}

/// AWS keeps the parts of a credential in variables of their own.
const AWS_ID: &str = "AWS_ACCESS_KEY_ID";
const AWS_SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const AWS_SESSION: &str = "AWS_SESSION_TOKEN";

fn aws(id: &str, set: &dyn Fn(&str) -> Option<String>) -> Result<Secret, String> {
    let secret =
        set(AWS_SECRET).ok_or_else(|| format!("{AWS_ID} is set, and {AWS_SECRET} is not"))?;
    let session = set(AWS_SESSION).map(|token| format!(":{token}")).unwrap_or_default();
    Ok(Secret::new(format!("{id}:{secret}{session}")))
}

fn read(path: &Path) -> Result<Secret, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("`{}` is empty", path.display()));
    }
    Ok(Secret::new(text.to_owned()))
}

fn placeholders(
    provider: &Provider,
    said: Option<&ProviderConfig>,
    environment: Environment<'_>,
    told: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut values = told;
    let set = provider.placeholder_env.iter();
    values.extend(set.filter_map(|(name, variable)| Some((name.clone(), environment(variable)?))));
    if let Some(said) = said {
        values.extend(said.placeholders.clone());
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(slug: &str) -> Provider {
        let layers = catalog::Layers { base: catalog::shipped(), overlays: Vec::new() };
        let catalog = catalog::load(&layers).unwrap().catalog;
        catalog.provider(catalog.find_provider(slug).unwrap()).clone()
    }

    fn found(slug: &str, said: &str, environment: &[(&str, &str)]) -> Standing {
        let file = Some(("my.toml", said));
        let config = Config::read(file, &crate::config::Overrides::default()).unwrap();
        let set = |name: &str| {
            let value = environment.iter().find(|(held, _)| *held == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        standing(&provider(slug), &config, &set)
    }

    fn active(standing: Standing) -> Credential {
        match standing {
            Standing::Active(credential) => credential,
            other => panic!("{other:?}"),
        }
    }

    fn shown(credential: &Credential) -> &str {
        credential.secrets.first().map(Secret::expose).unwrap_or_default()
    }

    #[test]
    fn the_parts_of_an_aws_credential_are_put_together() {
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s3"));
        let region = ("AWS_REGION", "eu-west-1");
        let pair = active(found("amazon-bedrock", "", &[id, secret, region]));
        assert_eq!(shown(&pair), "AKID:s3");
        assert_eq!(pair.placeholders["region"], "eu-west-1");
        let lent = [id, secret, region, ("AWS_SESSION_TOKEN", "lent")];
        assert_eq!(shown(&active(found("amazon-bedrock", "", &lent))), "AKID:s3:lent");
        let own = [id, secret, region, ("AWS_BEARER_TOKEN_BEDROCK", "own")];
        assert_eq!(shown(&active(found("amazon-bedrock", "", &own))), "own");
        let half = found("amazon-bedrock", "", &[id, region]);
        assert!(matches!(half, Standing::Faulty(said) if said.contains("AWS_SECRET_ACCESS_KEY")));
    }

    #[test]
    fn googles_variable_names_a_file_and_the_file_the_project() {
        let path = std::env::temp_dir().join(format!("interline-key-{}", std::process::id()));
        std::fs::write(&path, r#"{"type":"service_account","project_id":"acme"}"#).unwrap();
        let named = path.to_str().unwrap();
        let found_there = found("google-vertex", "", &[("GOOGLE_APPLICATION_CREDENTIALS", named)]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(active(found_there).placeholders["project"], "acme");
        let gone = found("google-vertex", "", &[("GOOGLE_APPLICATION_CREDENTIALS", named)]);
        assert!(matches!(gone, Standing::Faulty(_)));
        let said = "[providers.google-vertex]\nkey = '{\"project_id\":\"a\",\"type\":\"x\"}'\n\
                    placeholders = { project = \"b\" }";
        let told = active(found("google-vertex", said, &[]));
        assert_eq!(told.placeholders["project"], "b");
    }

    #[test]
    fn without_a_credential_a_provider_is_not_called() {
        assert!(matches!(found("groq", "", &[]), Standing::NoCredential));
        assert!(matches!(found("groq", "", &[("GROQ_API_KEY", " ")]), Standing::NoCredential));
        let off = found("groq", "[providers.groq]\nenabled = false", &[("GROQ_API_KEY", "k")]);
        assert!(matches!(off, Standing::Disabled));
    }
}
