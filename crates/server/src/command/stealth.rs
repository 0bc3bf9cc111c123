//! `interline stealth`: launches of stealth models.

use std::io::Write;
use std::process::ExitCode;

use domain::port::Clock;
use store::launches;
use traffic::store::{Place, Store};

use super::settings;
use super::trouble::Trouble;
use crate::cli::{Instance, Stealth};
use crate::clock::SystemClock;
use crate::{database, lab};

/// Does what was asked for.
///
/// # Errors
/// When there is no such model, or no database or store of events.
pub(super) fn run(command: Stealth) -> Result<ExitCode, Trouble> {
    let Stealth::Report { model, days, instance, json } = command;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(report(&model, days, &instance))?;
    let told = match json {
        true => format!("{:#}\n", lab::shown(&model, &report)),
        false => lab::text(&model, &report),
    };
    std::io::stdout().write_all(told.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn report(
    model: &str,
    days: u32,
    instance: &Instance,
) -> Result<traffic::lab::Report, Trouble> {
    let config = settings::of(instance)?;
    let catalog = settings::catalog(&config)?;
    let db = database::open_of(&config).await?;
    let reveals = launches::reveals(&db).await?;
    if !lab::is_stealth(model, &catalog, &reveals) {
        return Err(format!("{model} is no stealth model, and was none").into());
    }
    let place = config.traffic_place();
    if let Place::Folder(folder) = &place
        && !folder.exists()
    {
        return Err(format!("{}: there are no events", folder.display()).into());
    }
    let store = Store::open(&place).await?;
    let when = (SystemClock.now(), config.public.enabled);
    let made = lab::report((&db, &store), model, days, when).await;
    store.close().await;
    db.close().await;
    Ok(made?)
}
