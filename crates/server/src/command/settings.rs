//! The operator's settings, for every command that goes by them.

use std::path::Path;

use catalog::Layers;
use domain::catalog::Catalog;

use super::trouble::Trouble;
use crate::cli::Instance;
use crate::config::{Config, Overrides};
use crate::snapshot::read_overlays;

const CONFIG_DEFAULT: &str = "interline.toml";

/// Reads the settings of an instance that a command is told of.
///
/// # Errors
/// As [`read`].
pub(super) fn of(instance: &Instance) -> Result<Config, Trouble> {
    let overrides = Overrides {
        data: instance.data.clone(),
        database_url: instance.database.clone(),
        catalog: instance.catalog.clone(),
        ..Overrides::default()
    };
    read(instance.config.as_deref(), &overrides)
}

/// Reads the catalog of an instance, as it is before any stealth model is named.
///
/// # Errors
/// When a file cannot be read, or has faults.
pub(super) fn catalog(config: &Config) -> Result<Catalog, Trouble> {
    let layers = Layers { base: catalog::shipped(), overlays: read_overlays(&config.catalog)? };
    let loaded = catalog::load(&layers).map_err(|faults| {
        format!("the catalog has {} faults; `interline catalog check` tells them", faults.len())
    })?;
    Ok(loaded.catalog)
}

/// Reads the configuration file that is named, or else `interline.toml` where there is one, and
/// lays the command line over it.
///
/// # Errors
/// When it cannot be read or is at fault.
pub(super) fn read(file: Option<&Path>, overrides: &Overrides) -> Result<Config, Trouble> {
    let path = file.or_else(|| Some(Path::new(CONFIG_DEFAULT)).filter(|path| path.exists()));
    let Some(path) = path else { return Ok(Config::read(None, overrides)?) };
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    Ok(Config::read(Some((&shown, &text)), overrides)?)
}
