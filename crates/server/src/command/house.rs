//! What is served: configuration and catalog, put together at the start and at every reload.

use std::sync::Arc;

use catalog::SourceFile;
use domain::launch::Reveal;
use relay::Health;
use simulator::Simulator;

use super::settings;
use super::trouble::{Trouble, environment};
use crate::app::Current;
use crate::cli::Serve;
use crate::clock::SystemClock;
use crate::config::{Config, Overrides};
use crate::demo;
use crate::snapshot::{Assembled, Parts, assemble, read_overlays};
use crate::upstream::Clients;

/// What lives as long as the process and is needed for every reload.
pub(super) struct House {
    pub(super) clients: Clients,
    pub(super) health: Arc<Health>,
    /// The simulator behind the demo models, where they are served.
    pub(super) simulator: Option<Simulator>,
    /// What stealth models turned out to be, as was last seen.
    pub(super) reveals: Vec<Reveal>,
}

/// Reads the settings of a server.
///
/// # Errors
/// When the configuration file cannot be read or is at fault.
pub(super) fn read_config(serve: &Serve) -> Result<Config, Trouble> {
    let overrides = Overrides {
        listen: serve.listen.clone(),
        data: serve.data.clone(),
        catalog: serve.catalog.clone(),
        demo: serve.demo,
        database_url: serve.database_url.clone(),
    };
    settings::read(serve.config.as_deref(), &overrides)
}

/// Makes the first snapshot; with no provider to call, the demo models stand in.
pub(super) fn first_assembly(house: &mut House, config: &Config) -> Result<Assembled, Trouble> {
    if config.demo {
        house.simulator = Some(demo::start()?);
        return assembly(house, config);
    }
    let assembled = assembly(house, config)?;
    if assembled.providers.iter().any(|found| found.callable > 0) {
        return Ok(assembled);
    }
    house.simulator = Some(demo::start()?);
    assembly(house, config)
}

/// Makes a snapshot. In a demo the simulator also stands in for every provider that turns out to
/// have no credential.
pub(super) fn assembly(house: &House, config: &Config) -> Result<Assembled, Trouble> {
    let own = read_overlays(&config.catalog)?;
    let Some(simulator) = &house.simulator else { return assembled(house, config, own) };
    let with = |more: Vec<Vec<SourceFile>>| [more, own.clone()].concat();
    let few = assembled(house, config, with(vec![demo::overlay(simulator.addr())]))?;
    if !config.demo {
        return Ok(few);
    }
    let stand_ins = demo::stand_ins(simulator, &few);
    assembled(house, config, with(vec![demo::overlay(simulator.addr()), stand_ins]))
}

fn assembled(
    house: &House,
    config: &Config,
    overlays: Vec<Vec<SourceFile>>,
) -> Result<Assembled, Trouble> {
    let parts = Parts {
        overlays,
        environment: &environment,
        clients: house.clients.clone(),
        clock: Arc::new(SystemClock),
        health: &house.health,
        reveals: &house.reveals,
    };
    Ok(assemble(config, parts)?)
}

pub(super) fn current(assembled: Assembled, config: Config) -> Current {
    Current { snapshot: assembled.snapshot, providers: assembled.providers, config }
}
