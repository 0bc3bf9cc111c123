//! The query of a URL, read field by field.
//!
//! What nobody asks for is ignored. A field that is given empty counts as not given, and of one
//! that is given twice the last counts; lists add up.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use domain::failure::{Failure, FailureKind};
use domain::price::Rate;

/// The query of a URL: its names and values as they were sent.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a>(pub &'a [(String, String)]);

/// The most entries of a list: more than there are words to list.
const ENTRIES_MAX: usize = 100;
const TEXT_BYTES_MAX: usize = 200;
const TOKENS_PER_MILLION: u64 = 1_000_000;

impl<'a> Query<'a> {
    /// Returns the text of a field.
    ///
    /// # Errors
    /// `InvalidRequest` when it is too long.
    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, Failure> {
        let last = self.values(name).last();
        match last {
            Some(text) if TEXT_BYTES_MAX < text.len() => {
                Err(invalid(name, &format!("a text of at most {TEXT_BYTES_MAX} bytes")))
            }
            text => Ok(text),
        }
    }

    /// Returns the entries of a list with commas, in lower case and each once.
    ///
    /// # Errors
    /// `InvalidRequest` when there are too many.
    pub(crate) fn list(self, name: &str) -> Result<Vec<String>, Failure> {
        let mut entries: Vec<String> = self
            .values(name)
            .flat_map(|value| value.split(','))
            .map(|entry| entry.trim().to_lowercase())
            .filter(|entry| !entry.is_empty())
            .collect();
        entries.sort_unstable();
        entries.dedup();
        if ENTRIES_MAX < entries.len() {
            return Err(invalid(name, &format!("a list of at most {ENTRIES_MAX} entries")));
        }
        Ok(entries)
    }

    /// Returns a whole number within a range.
    ///
    /// # Errors
    /// `InvalidRequest` when it is none, or outside.
    pub(crate) fn number<T>(
        self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, Failure>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.parse::<T>() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let wanted = format!("a whole number from {} to {}", range.start(), range.end());
                Err(invalid(name, &wanted))
            }
        }
    }

    /// Returns a price in dollars per million tokens.
    ///
    /// # Errors
    /// `InvalidRequest` when it is none, or finer or larger than prices are.
    pub(crate) fn rate(self, name: &str) -> Result<Option<Rate>, Failure> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let wanted =
            "dollars per million tokens: at least 0, at most 1000000, at most six decimals";
        let rate = Rate::parse(text, TOKENS_PER_MILLION).ok_or_else(|| invalid(name, wanted))?;
        Ok(Some(rate))
    }

    /// Returns whether a field is `true`.
    ///
    /// # Errors
    /// `InvalidRequest` when it is neither that nor `false`.
    pub(crate) fn flag(self, name: &str) -> Result<bool, Failure> {
        let word = self.word(name, &[("true", true), ("false", false)])?;
        Ok(word.unwrap_or(false))
    }

    /// Returns what a word stands for.
    ///
    /// # Errors
    /// `InvalidRequest` when it is none of the words.
    pub(crate) fn word<T: Copy>(
        self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let meant = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        match meant {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(invalid(name, &format!("one of {}", words.join(", "))))
            }
        }
    }

    fn values(self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = move |pair: &&(String, String)| pair.0 == name;
        self.0.iter().filter(named).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Returns the failure of a field that is not what it must be.
pub(crate) fn invalid(name: &str, wanted: &str) -> Failure {
    Failure::caller(FailureKind::InvalidRequest, format!("`{name}` must be {wanted}.")).at(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_given_twice_the_last_counts_and_lists_add_up() {
        let pairs = [("a", "1"), ("a", "2"), ("b", "9"), ("l", "X,y"), ("l", " y,,z ")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Query(&pairs);
        assert_eq!(query.text("a").unwrap(), Some("2"));
        assert_eq!(query.text("c").unwrap(), None);
        assert_eq!(query.list("l").unwrap(), ["x", "y", "z"]);
    }

    #[test]
    fn a_price_is_read_exactly_or_not_at_all() {
        let rate = |text: &str| {
            let pairs = [("price".to_owned(), text.to_owned())];
            Query(&pairs).rate("price").map(|rate| rate.map(Rate::picos)).ok()
        };
        assert_eq!(rate("0.000001"), Some(Some(1)));
        assert_eq!(rate("1000000"), Some(Some(1_000_000_000_000)));
        assert_eq!(rate("1000000.000001"), None);
        assert_eq!(rate("0.0000001"), None);
        assert_eq!(rate("1e3"), None);
    }
}
