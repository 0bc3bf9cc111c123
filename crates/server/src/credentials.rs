//! What opens providers' doors: from the configuration, and from the environment.

use std::collections::BTreeMap;
use std::path::Path;

use domain::catalog::{Auth, Provider};
use domain::secret::Secret;

use crate::config::{Config, ProviderConfig};
use crate::upstream::Credential;

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
    let secret = match secret(provider, said, environment) {
        Ok(secret) => secret,
        Err(fault) => return Standing::Faulty(fault),
    };
    if secret.is_none() && provider.auth != Auth::None {
        return Standing::NoCredential;
    }
    let placeholders = placeholders(provider, said, environment);
    Standing::Active(Credential { secret, placeholders })
}

fn secret(
    provider: &Provider,
    said: Option<&ProviderConfig>,
    environment: Environment<'_>,
) -> Result<Option<Secret>, String> {
    if let Some(key) = said.and_then(|said| said.key.clone()) {
        return Ok(Some(key));
    }
    if let Some(path) = said.and_then(|said| said.key_file.as_deref()) {
        return read(path).map(Some);
    }
    let found = provider.key_env.iter().find_map(|name| environment(name));
    Ok(found.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(Secret::new))
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
) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = provider
        .placeholder_env
        .iter()
        .filter_map(|(name, variable)| Some((name.clone(), environment(variable)?)))
        .collect();
    if let Some(said) = said {
        values.extend(said.placeholders.clone());
    }
    values
}
