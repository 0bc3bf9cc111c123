//! What a public instance tells, held to the rules of `docs/rankings.md` by a recount, by whoever
//! tries to work out what is kept back, and by whoever tries to buy a rank.

mod attack;
mod crowd;
mod gaming;
mod rules;
mod truth;

use traffic::event::Event;
use traffic::figures::{Day, Figures};
use traffic::store::Store;

use crate::folder::Folder;
use crate::world::{Home, TODAY, filled, wait};
use crowd::{DAYS_AFTER, release};
use truth::Truth;

/// One test, for every test is a process of its own and would make the figures again.
#[test]
fn a_public_instance_tells_what_its_rules_allow_and_nothing_gives_away_the_rest() {
    let events = crowd::all();
    let truth = Truth::of(&events);
    let days: Vec<Day> = (TODAY - 1..TODAY + DAYS_AFTER).collect();
    let releases = wait(async {
        let store = opened(&events).await;
        let mut releases = Vec::new();
        for day in days {
            releases.push(release(&store.1, day).await);
        }
        releases
    });
    let last = releases.last().unwrap();
    rules::hold(last, &truth, &events);
    rules::nothing_is_told_anew(&releases);
    attack::recovers_nothing(&releases, &truth);
    attack::what_is_kept_back_changes_nothing(last, &events);
}

/// A store that holds events, in files.
async fn opened(events: &[Event]) -> (Home, Store) {
    let home = Home::of(Folder::new());
    let store = filled(&home, events).await;
    (home, store)
}

fn told(events: &[Event], day: Day) -> Figures {
    wait(async {
        let store = opened(events).await;
        release(&store.1, day).await
    })
}
