//! Applications, by the addresses that they send. Anybody may send anything, so it is bounded what
//! is kept of one, and how many new ones are told apart in a day.

use std::collections::{HashMap, HashSet};

use traffic::event::{Event, Name};
use traffic::figures::Day;
use traffic::store::{Store, StoreError};

/// The longest address that is kept.
const ADDRESS_BYTES_MAX: usize = 200;
/// The longest name that is kept.
const TITLE_CHARS_MAX: usize = 80;
/// New applications that are told apart in a day.
const NEW_MAX: usize = 500;
/// New applications of one account that are told apart in a day.
const NEW_OF_ACCOUNT_MAX: usize = 400;
/// What all others are called. No address looks like it.
const OTHER: &str = "other";

/// The applications that are told apart.
pub(super) struct Apps {
    known: HashSet<Name>,
    day: Day,
    /// How many were new on that day, by the account that brought them.
    newcomers: HashMap<Name, usize>,
}

impl Apps {
    /// Returns those that a store knows.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn known(store: &Store) -> Result<Apps, StoreError> {
        let known = store.apps().await?.into_iter().map(|(_, app, _)| app);
        Ok(Apps { known: known.collect(), day: 0, newcomers: HashMap::new() })
    }

    /// Names the application of an event `other` where it is new and too many are.
    pub(super) fn admit(&mut self, event: &mut Event) {
        let day = event.at.day();
        if event.app.as_ref().is_some_and(|app| !self.takes(app, &event.account, day)) {
            event.app = Some(OTHER.into());
            event.app_title = None;
        }
    }

    /// Returns whether an application that an account brings on a day is told apart.
    fn takes(&mut self, app: &Name, account: &Name, day: Day) -> bool {
        if self.known.contains(app) {
            return true;
        }
        if self.day < day {
            self.day = day;
            self.newcomers.clear();
        }
        let all: usize = self.newcomers.values().sum();
        let own = self.newcomers.entry(account.clone()).or_default();
        let has_place = all < NEW_MAX && *own < NEW_OF_ACCOUNT_MAX;
        if has_place {
            *own += 1;
            self.known.insert(app.clone());
        }
        has_place
    }
}

/// Returns what tells an application apart: scheme, host and port of its address, in small letters;
/// of a repository at GitHub the path, too. `None` where it is no address of the web.
pub(super) fn identity(referer: &str) -> Option<String> {
    let uri: http::Uri = referer.trim().parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority()?;
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_plain) {
        return None;
    }
    let mut identity = format!("{scheme}://{host}");
    let usual = if scheme == "http" { 80 } else { 443 };
    if let Some(port) = authority.port_u16().filter(|port| *port != usual) {
        identity.push_str(&format!(":{port}"));
    }
    if host == "github.com" {
        let is_name = |part: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            !part.is_empty() && part.bytes().all(plain)
        };
        for part in uri.path().split('/').skip(1).take(2).take_while(is_name) {
            identity.push('/');
            identity.push_str(part);
        }
    }
    (identity.len() <= ADDRESS_BYTES_MAX).then_some(identity)
}

/// Returns the name that an application gave itself, without what turns the direction of writing or
/// is not seen, in one line, cut where it is long. `None` where nothing is left.
pub(super) fn title(given: &str) -> Option<String> {
    let is_seen = |it: &char| {
        !it.is_control()
            && !matches!(it, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let shown: String = given.chars().filter(is_seen).collect();
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(TITLE_CHARS_MAX).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_told_apart_by_where_it_is() {
        for (referer, known) in [
            ("https://App.Example.com/chat?x=1", Some("https://app.example.com")),
            ("https://app.example.com:443/", Some("https://app.example.com")),
            ("https://app.example.com.", Some("https://app.example.com")),
            ("http://localhost:3000/", Some("http://localhost:3000")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("https://user:word@app.example.com", Some("https://app.example.com")),
            ("https://github.com/who/what/issues", Some("https://github.com/who/what")),
            ("https://github.com/who/%22onload=x", Some("https://github.com/who")),
            ("javascript:alert(1)", None),
            ("https://a<b>.example.com", None),
            ("https://a\"b.example.com", None),
            ("https://", None),
            ("not an address", None),
            ("", None),
        ] {
            assert_eq!(identity(referer).as_deref(), known, "{referer}");
        }
        assert_eq!(identity(&format!("https://{}.example.com", "a".repeat(300))), None);
    }

    #[test]
    fn a_name_is_one_line_that_reads_as_it_is_written() {
        assert_eq!(title(" Mail\u{202e}  \n Sorter\u{200b} ").as_deref(), Some("Mail Sorter"));
        assert_eq!(title("\u{200b}\u{feff}"), None);
        assert_eq!(title(&"é".repeat(300)).map(|it| it.chars().count()), Some(TITLE_CHARS_MAX));
    }

    fn apps() -> Apps {
        Apps { known: HashSet::new(), day: 0, newcomers: HashMap::new() }
    }

    fn takes(apps: &mut Apps, account: &str, app: &str, day: Day) -> bool {
        apps.takes(&format!("https://{app}.example").into(), &account.into(), day)
    }

    #[test]
    fn an_account_that_makes_names_up_is_told_as_other_and_takes_nobodys_place() {
        let mut apps = apps();
        let told = (0..NEW_MAX).filter(|it| takes(&mut apps, "liar", &it.to_string(), 1)).count();
        assert_eq!(told, NEW_OF_ACCOUNT_MAX);
        assert!(takes(&mut apps, "honest", "own", 1) && takes(&mut apps, "liar", "own", 1));
        assert!(!takes(&mut apps, "liar", "late", 1) && takes(&mut apps, "liar", "late", 2));
    }

    #[test]
    fn only_so_many_are_new_in_a_day_whoever_brings_them() {
        let mut apps = apps();
        for it in 0..NEW_MAX {
            assert!(takes(&mut apps, &format!("account-{it}"), &it.to_string(), 1));
        }
        assert!(!takes(&mut apps, "late", "late", 1) && takes(&mut apps, "late", "7", 1));
    }
}
