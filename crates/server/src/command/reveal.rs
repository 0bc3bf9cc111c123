//! `interline reveal`: telling what a stealth model is.

use std::io::Write;
use std::process::ExitCode;

use domain::catalog::Catalog;
use domain::launch;
use domain::nearest::nearest;
use domain::port::Clock;
use store::launches;

use super::settings;
use super::trouble::Trouble;
use crate::cli::Reveal;
use crate::clock::SystemClock;
use crate::database;

/// Tells what will be done, and does it where it was confirmed.
///
/// # Errors
/// When one of the two is not such a model, it was told before, or there is no database.
pub(super) fn run(asked: &Reveal) -> Result<ExitCode, Trouble> {
    let config = settings::of(&asked.instance)?;
    check(asked, &settings::catalog(&config)?)?;
    let reveal = launch::Reveal {
        stealth: asked.stealth.clone(),
        model: asked.model.clone(),
        at: SystemClock.now(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = runtime.block_on(async {
        let db = database::open_of(&config).await?;
        let all = launches::reveals(&db).await?;
        let known = all.into_iter().find(|it| it.stealth == reveal.stealth);
        let told = match known {
            Some(known) => Some(known),
            None if asked.yes => {
                let told = launches::reveal(&db, &reveal).await?;
                // Somebody else may have been quicker.
                (told != reveal).then_some(told)
            }
            None => None,
        };
        db.close().await;
        Ok::<_, Trouble>(told)
    })?;
    if let Some(known) = before {
        return Err(told_before(&known).into());
    }
    let mut out = std::io::stdout();
    write!(out, "{}", plan(&reveal))?;
    let end = if asked.yes {
        "Done. Servers take it up within seconds."
    } else {
        "Nothing was done. Say --yes to do it; it cannot be taken back."
    };
    writeln!(out, "{end}")?;
    Ok(if asked.yes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Holds that one is a stealth model and the other a model that is none.
fn check(asked: &Reveal, catalog: &Catalog) -> Result<(), Trouble> {
    let Reveal { stealth, model, .. } = asked;
    let find = |id: &str| catalog.models().iter().find(|it| it.id == id);
    let near = |id: &str| {
        let ids = catalog.models().iter().map(|it| it.id.as_str());
        let near = nearest(id, ids, 1);
        near.first().map_or_else(String::new, |it| format!("; the nearest is {it}"))
    };
    match find(stealth) {
        None => return Err(format!("the catalog has no model {stealth}{}", near(stealth)).into()),
        Some(found) if found.stealth.is_none() => {
            return Err(format!("{stealth} is no stealth model").into());
        }
        Some(_) => (),
    }
    match find(model) {
        None => Err(format!("the catalog has no model {model}{}", near(model)).into()),
        Some(found) if found.stealth.is_some() => {
            Err(format!("{model} is a stealth model itself").into())
        }
        Some(_) => Ok(()),
    }
}

fn told_before(known: &launch::Reveal) -> String {
    let day = traffic::figures::date(known.at.day());
    format!("{} is {} already, as was told on {day}", known.stealth, known.model)
}

fn plan(reveal: &launch::Reveal) -> String {
    let launch::Reveal { stealth, model, .. } = reveal;
    let until = traffic::figures::date(reveal.ends().day());
    format!(
        "{stealth} is {model}:\n\
         - {stealth} leaves every list, and its endpoints are asked no more;\n\
         - until {until} requests for {stealth} go to {model} and are told so in their headers, and \
         afterwards they are refused with that name;\n\
         - what {stealth} was used for counts as {model}, which says that it was cloaked;\n\
         - its page leads to that of {model}; records of generations keep the name that they have.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_what_will_be_done() {
        let at = domain::time::Timestamp::parse("2026-11-24T10:00:00Z").unwrap();
        let reveal = launch::Reveal {
            stealth: "stealth/heron".to_owned(),
            model: "acme/heron-1".to_owned(),
            at,
        };
        insta::assert_snapshot!(plan(&reveal), @r#"
        stealth/heron is acme/heron-1:
        - stealth/heron leaves every list, and its endpoints are asked no more;
        - until 2027-02-22 requests for stealth/heron go to acme/heron-1 and are told so in their headers, and afterwards they are refused with that name;
        - what stealth/heron was used for counts as acme/heron-1, which says that it was cloaked;
        - its page leads to that of acme/heron-1; records of generations keep the name that they have.
        "#);
        insta::assert_snapshot!(told_before(&reveal), @"stealth/heron is acme/heron-1 already, as was told on 2026-11-24");
    }
}
