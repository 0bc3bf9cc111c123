//! `interline catalog check` and `providers`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use catalog::{Layers, Loaded};

use super::import;
use super::trouble::{Trouble, environment};
use crate::cli::Catalog;
use crate::config::{Config, Overrides};
use crate::credentials::{Standing, standing};
use crate::snapshot::{read_base, read_overlays};

/// Does what was asked for.
///
/// # Errors
/// When files cannot be read or written.
pub(super) fn run(command: Catalog) -> Result<ExitCode, Trouble> {
    match command {
        Catalog::Check { catalog, base } => check(&catalog, base.as_deref()),
        Catalog::Providers { catalog } => providers(&catalog),
        Catalog::Import { source, into, dry_run, strict } => {
            import::run(&source, &into, import::Mode { dry_run, strict })
        }
    }
}

fn check(overlays: &[PathBuf], base: Option<&Path>) -> Result<ExitCode, Trouble> {
    let base = match base {
        None => catalog::shipped(),
        Some(folder) => read_base(folder)?,
    };
    let layers = Layers { base, overlays: read_overlays(overlays)? };
    let mut out = std::io::stdout();
    match catalog::load(&layers) {
        Ok(loaded) => {
            writeln!(out, "{}", summary(&loaded))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            for fault in &faults {
                writeln!(out, "{fault}")?;
            }
            writeln!(out, "{} faults", faults.len())?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn summary(loaded: &Loaded) -> String {
    let catalog = &loaded.catalog;
    let routable = catalog.endpoints().iter().filter(|endpoint| endpoint.is_routable()).count();
    let spoken = catalog
        .endpoints()
        .iter()
        .filter(|endpoint| {
            let kind = catalog.model(endpoint.model).kind;
            endpoint.is_routable() && dialect::registry::is_served(kind, endpoint.dialect)
        })
        .count();
    format!(
        "{} providers, {} models, {} endpoints, {} aliases: no faults\n\
         {routable} endpoints may be routed to, {spoken} of them in a dialect that is spoken",
        catalog.providers().len(),
        catalog.models().len(),
        catalog.endpoints().len(),
        catalog.aliases().len(),
    )
}

fn providers(overlays: &[PathBuf]) -> Result<ExitCode, Trouble> {
    let layers = Layers { base: catalog::shipped(), overlays: read_overlays(overlays)? };
    let Ok(loaded) = catalog::load(&layers) else { return check(overlays, None) };
    let config = Config::read(None, &Overrides::default())?;
    let mut table = String::new();
    for provider in loaded.catalog.providers() {
        let state = match standing(provider, &config, &environment) {
            Standing::Active(_) => "active".to_owned(),
            Standing::NoCredential => "-".to_owned(),
            Standing::Disabled => "disabled".to_owned(),
            Standing::Faulty(fault) => fault,
        };
        let mut variables = provider.key_env.join(" or ");
        for variable in provider.placeholder_env.values() {
            let _ = write!(variables, ", {variable}");
        }
        let _ = writeln!(table, "{:<22} {:<9} {variables}", provider.slug, state);
    }
    write!(std::io::stdout(), "{table}")?;
    Ok(ExitCode::SUCCESS)
}
