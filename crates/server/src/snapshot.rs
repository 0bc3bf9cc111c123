//! Catalog and configuration made into what requests see. A reload makes another one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::{Fault, Layers, SourceFile};
use domain::catalog::{Catalog, EndpointIx, Provider, ProviderIx, STEALTH, STEALTH_NAME};
use domain::launch::Reveal;
use domain::port::Clock;
use relay::{Health, Offer, Snapshot, Timeouts};

use crate::config::Config;
use crate::credentials::{Environment, Standing, standing};
use crate::upstream::{Clients, Credential, Network, Proof, Route};

/// Catalog and configuration as requests see them, and what an operator should know of them.
pub struct Assembled {
    /// What requests see.
    pub snapshot: Arc<Snapshot>,
    /// By provider: whether it can be called.
    pub providers: Vec<Found>,
}

/// A provider, and how many of its endpoints can be called.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The variables of the environment that would bring its credential in.
    pub key_env: Vec<String>,
    /// Its endpoints that can be called.
    pub callable: usize,
    /// Why it cannot be called although it should be.
    pub fault: Option<String>,
    /// It has a credential, or needs none.
    pub active: bool,
}

impl Found {
    fn of(provider: &Provider, active: bool, fault: Option<String>) -> Found {
        let (slug, name) = (provider.slug.clone(), provider.name.clone());
        Found { slug, name, key_env: provider.key_env.clone(), callable: 0, fault, active }
    }

    /// Returns all providers that are not told, as one.
    fn stealth() -> Found {
        let (slug, name) = (STEALTH.to_owned(), STEALTH_NAME.to_owned());
        Found { slug, name, key_env: Vec::new(), callable: 0, fault: None, active: false }
    }

    /// Adds one that is not told, without a word by which it could be.
    fn add(&mut self, active: bool, is_faulty: bool) {
        self.active |= active;
        if is_faulty {
            let fault = "the credential or the address of one of them cannot be used";
            self.fault = Some(fault.to_owned());
        }
    }
}

/// Why no snapshot could be made.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// A folder of overlays cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The folder, or a file in it.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The catalog has faults.
    #[error("the catalog has {} faults:\n{}", .0.len(), told(.0))]
    Catalog(Vec<Fault>),
    /// The configuration names a provider that the catalog does not have.
    #[error("[providers.{0}]: the catalog has no such provider")]
    UnknownProvider(String),
}

/// The largest overlay file that is read.
const OVERLAY_BYTES_MAX: u64 = 16 << 20;

/// Reads the TOML files of overlay folders, in the order of their names.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn read_overlays(folders: &[PathBuf]) -> Result<Vec<Vec<SourceFile>>, AssemblyError> {
    folders.iter().map(|folder| read_folder(folder)).collect()
}

/// Reads the TOML files of one folder, in the order of their names.
///
/// # Errors
/// When it or one of them cannot be read.
pub fn read_folder(folder: &Path) -> Result<Vec<SourceFile>, AssemblyError> {
    let unreadable =
        |path: &Path, error| AssemblyError::Unreadable { path: path.to_owned(), error };
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let size = std::fs::metadata(&path).map_err(|error| unreadable(&path, error))?.len();
        if OVERLAY_BYTES_MAX < size {
            return Err(unreadable(&path, std::io::Error::other("the file is too large")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        Ok(SourceFile { path: path.display().to_string(), text })
    };
    paths.into_iter().map(read).collect()
}

/// Reads the provider and model files of a folder, as they stand in the repository.
///
/// # Errors
/// When one of them cannot be read.
pub fn read_base(folder: &Path) -> Result<Vec<SourceFile>, AssemblyError> {
    let mut files = Vec::new();
    for part in ["providers", "models"] {
        for file in read_folder(&folder.join(part))? {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            files.push(SourceFile { path: format!("{part}/{name}"), text: file.text });
        }
    }
    Ok(files)
}

/// What a snapshot is made from, besides the configuration.
pub struct Parts<'a> {
    /// Overlays in the order in which they are merged.
    pub overlays: Vec<Vec<SourceFile>>,
    /// The environment.
    pub environment: Environment<'a>,
    /// Connections, which outlive reloads.
    pub clients: Clients,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How endpoints fare, which outlives reloads.
    pub health: &'a Health,
    /// What stealth models turned out to be.
    pub reveals: &'a [Reveal],
}

/// Makes a snapshot.
///
/// # Errors
/// When the catalog has faults or the configuration names what it does not have. A provider whose
/// credential is unusable is no error: it is found faulty, and not called.
pub fn assemble(config: &Config, parts: Parts<'_>) -> Result<Assembled, AssemblyError> {
    let layers = Layers { base: catalog::shipped(), overlays: parts.overlays };
    let loaded = catalog::load_after(&layers, parts.reveals);
    let catalog = loaded.map_err(AssemblyError::Catalog)?.catalog;
    if let Some(slug) = config.providers.keys().find(|slug| !catalog.behind().has_provider(slug)) {
        return Err(AssemblyError::UnknownProvider(slug.clone()));
    }
    let health = parts.health;
    let (routes, offers, providers) = routes(&catalog, config, parts.environment);
    let catalog = Arc::new(catalog);
    let network = Arc::new(Network::new(parts.clients, parts.clock, routes));
    let snapshot = Snapshot::new(catalog, network, timeouts(config), &offers, health)
        .insisting(config.routing.defaults())
        .limiting(config.limits.rules())
        .keeping_receipts(config.routing.receipts)
        // The last minutes of an endpoint may be one account's.
        .showing_health(!config.public.enabled);
    Ok(Assembled { snapshot: Arc::new(snapshot), providers })
}

fn routes(
    catalog: &Catalog,
    config: &Config,
    environment: Environment<'_>,
) -> (Vec<Option<Route>>, Vec<Offer>, Vec<Found>) {
    let behind = catalog.behind();
    let mut credentials: BTreeMap<ProviderIx, (Vec<Proof>, Credential)> = BTreeMap::new();
    let mut found: Vec<Found> = Vec::new();
    let mut hidden = Found::stealth();
    for (place, provider) in (0..).map(ProviderIx).zip(behind.providers()) {
        let (active, fault) = match standing(provider, config, environment) {
            Standing::Active(credential) => {
                match Proof::all(provider.auth, &credential, provider.private_network) {
                    Ok(proofs) => {
                        credentials.insert(place, (proofs, credential));
                        (true, None)
                    }
                    Err(fault) => (false, Some(fault)),
                }
            }
            Standing::Faulty(fault) => (false, Some(fault)),
            Standing::NoCredential | Standing::Disabled => (false, None),
        };
        if behind.is_told(place) {
            found.push(Found::of(provider, active, fault));
        } else {
            hidden.add(active, fault.is_some());
        }
    }
    let (mut routes, mut offers) = (Vec::new(), Vec::new());
    for place in (0..).map(EndpointIx).take(catalog.endpoints().len()) {
        let endpoint = behind.endpoint(place);
        let credential = credentials.get(&endpoint.provider);
        let kind = catalog.model(endpoint.model).kind;
        let spoken = dialect::registry::is_served(kind, endpoint.dialect);
        let Some((proofs, credential)) = credential.filter(|_| endpoint.is_routable() && spoken)
        else {
            routes.push(None);
            continue;
        };
        let provider = match found.get_mut(endpoint.provider.0 as usize) {
            Some(provider) if !endpoint.veiled => provider,
            _ => &mut hidden,
        };
        match Route::new(endpoint, proofs.clone(), &credential.placeholders) {
            Ok(route) => {
                provider.callable += 1;
                let slug = &behind.provider_of(place).slug;
                let credentials = credential.names(slug);
                offers.push(Offer { endpoint: place, credentials });
                routes.push(Some(route));
            }
            Err(_) if endpoint.veiled => {
                hidden.add(false, true);
                routes.push(None);
            }
            Err(fault) => {
                provider.fault = Some(fault);
                routes.push(None);
            }
        }
    }
    found.extend(Some(hidden).filter(|hidden| 0 < hidden.callable || hidden.fault.is_some()));
    (routes, offers, found)
}

fn timeouts(config: &Config) -> Timeouts {
    let set = &config.timeouts;
    Timeouts {
        first_byte_ms: set.first_byte_ms,
        first_byte_reasoning_ms: set.first_byte_reasoning_ms,
        idle_ms: set.idle_ms,
        idle_reasoning_ms: set.idle_reasoning_ms,
        total_ms: set.total_ms,
        total_stream_ms: set.total_stream_ms,
        keep_alive_ms: set.keep_alive_ms,
        write_stall_ms: set.write_stall_ms,
    }
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}
