//! Names as small numbers, for as long as the process runs and in a table after it.

use std::collections::HashMap;

use crate::event::{Event, Name};
use crate::sums::{Code, Codes};

/// Names and their numbers, from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    codes: HashMap<Name, Code>,
    names: Vec<Name>,
    /// How many of them are in the table.
    kept: usize,
}

impl Names {
    /// Takes the names of the table, in the order of their numbers.
    pub(crate) fn of(names: Vec<Name>) -> Names {
        let codes = names.iter().cloned().zip(1..).collect();
        Names { codes, kept: names.len(), names }
    }

    /// Returns the number of a name, a new one where it has none.
    pub(crate) fn code(&mut self, name: &Name) -> Code {
        if let Some(code) = self.codes.get(name) {
            return *code;
        }
        self.names.push(name.clone());
        let code = Code::try_from(self.names.len()).unwrap_or(Code::MAX);
        self.codes.insert(name.clone(), code);
        code
    }

    /// Returns the number of a name that has one.
    pub(crate) fn find(&self, name: &str) -> Option<Code> {
        self.codes.get(name).copied()
    }

    /// Returns a name by its number; an empty one for zero and for what is unknown.
    pub(crate) fn name(&self, code: Code) -> Name {
        let place = usize::try_from(code).unwrap_or_default().checked_sub(1);
        place.and_then(|place| self.names.get(place)).cloned().unwrap_or_default()
    }

    /// Returns the names that are not in the table, with their numbers.
    pub(crate) fn fresh(&self) -> Vec<(Code, Name)> {
        (1..).zip(self.names.iter().cloned()).skip(self.kept).collect()
    }

    /// Takes note that all names are in the table.
    pub(crate) fn keep(&mut self) {
        self.kept = self.names.len();
    }

    /// Returns the numbers of an event's names.
    pub(crate) fn codes(&mut self, event: &Event) -> Codes {
        let mut maybe = |name: &Option<Name>| name.as_ref().map_or(0, |name| self.code(name));
        let (endpoint, provider) = (maybe(&event.endpoint), maybe(&event.provider));
        let (region, app) = (maybe(&event.region), maybe(&event.app));
        let language = maybe(&event.language);
        Codes {
            account: self.code(&event.account),
            key: self.code(&event.key),
            model: self.code(&event.model),
            endpoint,
            provider,
            region,
            app,
            language,
            task: event.task.map_or(0, |task| self.word(task.key())),
            context: self.word(event.context().word()),
            tools: self.word(event.offered().word()),
            failed: event.failed.iter().map(|it| (self.code(&it.endpoint), it.service)).collect(),
        }
    }

    fn word(&mut self, word: &str) -> Code {
        match self.find(word) {
            Some(code) => code,
            None => self.code(&Name::from(word)),
        }
    }
}
