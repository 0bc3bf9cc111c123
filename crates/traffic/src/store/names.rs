//! Names as small numbers, for as long as the process runs and in a table after it.

use std::collections::HashMap;

use classify::Tag;

use crate::event::{Event, Name};
use crate::sums::{Code, Codes, ROUTER};

/// Names and their numbers, from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    codes: HashMap<Name, Code>,
    names: Vec<Name>,
    /// The number of an application and a task together.
    app_tasks: HashMap<(Code, Tag), Code>,
    /// How many of them are in the table.
    kept: usize,
}

impl Names {
    /// Takes the names of the table, in the order of their numbers.
    pub(crate) fn of(names: Vec<Name>) -> Names {
        let codes = names.iter().cloned().zip(1..).collect();
        Names { codes, kept: names.len(), names, app_tasks: HashMap::new() }
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
        let app_task = event.task.map_or(0, |task| self.app_task(app, task));
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
            app_task,
            router: if event.routed { self.word(ROUTER) } else { 0 },
            context: self.word(event.context().word()),
            tools: event.offered().map_or(0, |offered| self.word(offered.word())),
            failed: event.failed.iter().map(|it| (self.code(&it.endpoint), it.service)).collect(),
        }
    }

    /// Returns the number of an application and a task together; zero where there is none.
    fn app_task(&mut self, app: Code, task: Tag) -> Code {
        if app == 0 {
            return 0;
        }
        if let Some(code) = self.app_tasks.get(&(app, task)) {
            return *code;
        }
        let code = self.code(&app_task_name(&self.name(app), task));
        self.app_tasks.insert((app, task), code);
        code
    }

    fn word(&mut self, word: &str) -> Code {
        match self.find(word) {
            Some(code) => code,
            None => self.code(&Name::from(word)),
        }
    }
}

/// Parts an application from a task: no address has one.
const PART: char = '\t';

/// Returns the name of an application and a task together.
fn app_task_name(app: &str, task: Tag) -> Name {
    format!("{app}{PART}{}", task.key()).into()
}

/// Reads the name of an application and a task together.
pub(crate) fn app_task(name: &str) -> Option<(&str, Tag)> {
    let (app, task) = name.split_once(PART)?;
    Some((app, Tag::parse(task)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_and_a_task_have_one_number_together() {
        let task = Tag::parse("math").unwrap();
        let mut names = Names::default();
        let app = names.code(&"https://a.example.com".into());
        let code = names.app_task(app, task);
        assert_eq!(names.app_task(app, task), code);
        assert_eq!(app_task(&names.name(code)), Some(("https://a.example.com", task)));
        assert_eq!(names.app_task(0, task), 0, "no application");
    }
}
