//! What a start says: what it found, and what to type next.

use std::fmt::Write;
use std::net::SocketAddr;

use domain::secret::Secret;

use crate::demo::FIRST_MODEL;
use crate::snapshot::Found;

/// What a start has to tell.
pub(super) struct Banner<'a> {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// What it found.
    pub(super) providers: &'a [Found],
    /// Models that can be called.
    pub(super) models: usize,
    /// A model to begin with.
    pub(super) first_model: Option<&'a str>,
    /// The operator's key, where this start made it.
    pub(super) root_key: Option<&'a Secret>,
    /// A key that opens the demo models until this process ends.
    pub(super) demo_key: Option<&'a Secret>,
}

impl Banner<'_> {
    /// Returns the text. It shows keys: it is for the terminal, never for the log.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let base = format!("http://{}", self.address);
        let _ = writeln!(text, "Interline {} at {base}/api/v1\n", env!("CARGO_PKG_VERSION"));
        self.tell_providers(&mut text);
        if let Some(key) = self.root_key {
            let _ = writeln!(
                text,
                "\nThe operator's key, shown this once; only its hash is kept:\n\n  {}",
                key.expose()
            );
        }
        match self.demo_key {
            Some(key) => {
                let _ = writeln!(text, "\nTry it:\n\n{}", chat(&base, key.expose(), FIRST_MODEL));
            }
            None => self.tell_how_to_begin(&base, &mut text),
        }
        text
    }

    fn tell_providers(&self, text: &mut String) {
        let active: Vec<&Found> =
            self.providers.iter().filter(|found| found.callable > 0).collect();
        let names: Vec<String> =
            active.iter().map(|found| format!("{} ({})", found.name, found.callable)).collect();
        let _ = writeln!(
            text,
            "{} models can be called, at {} providers: {}",
            self.models,
            active.len(),
            named(&names)
        );
        for found in self.providers {
            if let Some(fault) = &found.fault {
                let _ = writeln!(text, "{} cannot be called: {fault}", found.name);
            }
        }
        if self.demo_key.is_some() {
            let _ = writeln!(
                text,
                "The demo models are simulated: their words mean nothing and cost nothing. To reach \
                 real\nones, set a provider's credential (`interline catalog providers` names the \
                 variables)."
            );
        }
    }

    fn tell_how_to_begin(&self, base: &str, text: &mut String) {
        let root = self.root_key.map_or("$INTERLINE_ROOT_KEY", Secret::expose);
        let _ = writeln!(
            text,
            "\nMake a key, then use it:\n\n  curl -s {base}/api/v1/keys -H 'Authorization: Bearer \
             {root}' \\\n    -d '{{\"name\": \"first\"}}'\n\n{}",
            chat(base, "$INTERLINE_KEY", self.first_model.unwrap_or("author/model"))
        );
    }
}

/// Names that are told; of more it is said how many there are.
const NAMES_MAX: usize = 12;

fn named(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names if names.len() <= NAMES_MAX => names.join(", "),
        names => {
            let (told, rest) = names.split_at(NAMES_MAX);
            format!("{} and {} more", told.join(", "), rest.len())
        }
    }
}

fn chat(base: &str, key: &str, model: &str) -> String {
    // A variable of the shell is only filled in between double quotes.
    let quote = if key.starts_with('$') { '"' } else { '\'' };
    format!(
        "  curl -s {base}/api/v1/chat/completions \\\n    -H {quote}Authorization: Bearer \
         {key}{quote} -H 'Content-Type: application/json' \\\n    -d '{{\"model\": \"{model}\", \
         \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_start_says_what_to_type() {
        let found = Found {
            slug: "demo-north".to_owned(),
            name: "Demo North".to_owned(),
            key_env: vec![],
            callable: 2,
            fault: None,
            active: true,
        };
        let (root, demo) = (Secret::new("sk-root".to_owned()), Secret::new("sk-demo".to_owned()));
        let banner = Banner {
            address: SocketAddr::from(([127, 0, 0, 1], 7070)),
            providers: &[found],
            models: 2,
            first_model: None,
            root_key: Some(&root),
            demo_key: Some(&demo),
        };
        insta::assert_snapshot!(banner.text());
    }
}
