//! What was written and is still to be added to the sums.

use std::collections::HashMap;

use super::file::Coded;
use crate::event::Name;
use crate::sums::Sums;

/// Sums of batches whose events are kept.
///
/// Most batches add to the same sums as the ones before them. They are added up in memory and go
/// into the file together, when somebody reads or when there are many. What a process that is
/// killed had in here is written again from the source: `through` in the file stands before it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) sums: Sums,
    /// Applications that are new or gave themselves another name: the number, and the name.
    pub(super) apps: HashMap<Name, (u32, Option<Name>)>,
    pub(super) has_synthetic: bool,
    /// Events that the sums are of.
    events: usize,
}

/// Events after which nothing more is added before the sums are written: what a killed process has
/// to read again at most, beside one batch.
const EVENTS_MAX: usize = 500_000;
/// Sums that are held in memory, at most, beside those of one batch.
const SUMS_MAX: usize = 300_000;

impl Pending {
    /// Returns whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// Returns whether the sums are to be written before more is added.
    pub(super) fn is_full(&self) -> bool {
        EVENTS_MAX <= self.events || SUMS_MAX <= self.sums.uses.len() + self.sums.services.len()
    }

    /// Takes events that are kept, and their sums. `known`: the names that applications gave
    /// themselves last.
    pub(super) fn take(
        &mut self,
        events: &[&Coded<'_>],
        sums: Sums,
        known: &mut HashMap<Name, Name>,
    ) {
        self.sums.merge(sums);
        self.events += events.len();
        self.has_synthetic |= events.iter().any(|one| one.event.synthetic);
        for one in events {
            let Some(app) = &one.event.app else { continue };
            let title = one.event.app_title.as_ref();
            let is_news = match known.get(app) {
                None => true,
                Some(old) => title.is_some_and(|new| new != old),
            };
            if is_news {
                known.insert(app.clone(), title.cloned().unwrap_or_default());
                let held = self.apps.entry(app.clone()).or_insert((one.codes.app, None));
                if title.is_some() {
                    held.1 = title.cloned();
                }
            }
        }
    }
}
