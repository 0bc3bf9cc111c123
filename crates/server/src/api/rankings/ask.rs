//! What is asked for.

use classify::{Macro, Tag};
use domain::failure::Failure;
use traffic::event::{Context, Offered};
use traffic::figures::{Order, Question, Slice, Subject, Window};

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON.
    Json,
    /// Comma-separated values.
    Csv,
}

impl Form {
    /// Splits the ending off a name.
    pub(super) fn split(name: &str) -> (&str, Form) {
        match name.rsplit_once('.') {
            Some((name, "csv")) => (name, Form::Csv),
            Some((name, "json")) => (name, Form::Json),
            _ => (name, Form::Json),
        }
    }
}

/// A question about a ranking, in a query's words.
#[derive(Clone, Debug, Default)]
pub(super) struct Ask {
    window: Option<String>,
    order: Option<String>,
    slice: Option<(String, String)>,
    /// Of which model.
    pub(super) model: Option<String>,
}

/// The kinds of slices, as queries name them.
const SLICES: [&str; 6] = ["task", "group", "language", "context", "tools", "app"];

impl Ask {
    /// Reads a query.
    ///
    /// # Errors
    /// `InvalidRequest` for a parameter that does not exist, or two slices.
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Ask, Failure> {
        let mut ask = Ask::default();
        for (name, value) in pairs {
            let value = Some(value.clone());
            match name.as_str() {
                "window" => ask.window = value,
                "by" => ask.order = value,
                "model" => ask.model = value,
                kind if SLICES.contains(&kind) => {
                    if ask.slice.is_some() {
                        return Err(Failure::invalid("a ranking has one slice at a time"));
                    }
                    ask.slice = value.map(|value| (kind.to_owned(), value));
                }
                _ => {
                    let known = "window, by, model, task, group, language, context, tools, app";
                    return Err(Failure::invalid(format!(
                        "`{}` is no parameter of a ranking; there are {known}",
                        short(name)
                    )));
                }
            }
        }
        Ok(ask)
    }

    /// Returns the question about a subject.
    ///
    /// # Errors
    /// `InvalidRequest` for a word that is none of those that there are.
    pub(super) fn question(&self, subject: Subject) -> Result<Question, Failure> {
        let window = one("window", self.window.as_deref(), &Window::ALL, Window::word)?;
        let order = one("by", self.order.as_deref(), &Order::ALL, Order::word)?;
        let slice = match &self.slice {
            None => Slice::All,
            Some((kind, value)) => slice(kind, value)?,
        };
        if slice != Slice::All && subject != Subject::Models {
            return Err(Failure::invalid("only models are ranked within a slice"));
        }
        if slice != Slice::All && window == Some(Window::Day) {
            return Err(Failure::invalid("a slice is ranked over a week or a month"));
        }
        let order = order.unwrap_or(Order::Tokens);
        if slice != Slice::All && matches!(order, Order::RawTokens | Order::Voice) {
            return Err(Failure::invalid("a slice is ranked by tokens, spend or accounts"));
        }
        Ok(Question { subject, slice, window: window.unwrap_or(Window::Week), order })
    }
}

fn slice(kind: &str, value: &str) -> Result<Slice, Failure> {
    let value = Some(value);
    let found = match kind {
        "task" => one(kind, value, &Tag::all().collect::<Vec<_>>(), Tag::key)?.map(Slice::Task),
        "group" => one(kind, value, &Macro::ALL, Macro::key)?.map(Slice::Group),
        "context" => one(kind, value, &Context::all().collect::<Vec<_>>(), Context::word)?
            .map(Slice::Context),
        "tools" => one(kind, value, &Offered::ALL, Offered::word)?.map(Slice::Tools),
        "language" => value.map(|value| Slice::Language(value.to_owned())),
        _ => value.map(|value| Slice::App(value.to_owned())),
    };
    Ok(found.unwrap_or(Slice::All))
}

/// Returns the one of several that has a word; nothing where no word was said.
fn one<T: Copy>(
    name: &str,
    word: Option<&str>,
    all: &[T],
    word_of: fn(T) -> &'static str,
) -> Result<Option<T>, Failure> {
    let Some(word) = word else { return Ok(None) };
    match all.iter().find(|it| word_of(**it) == word) {
        Some(found) => Ok(Some(*found)),
        None => {
            let known: Vec<&str> = all.iter().map(|it| word_of(*it)).collect();
            Err(Failure::invalid(format!(
                "`{name}` cannot be `{}`; it is one of {}",
                short(word),
                known.join(", ")
            )))
        }
    }
}

/// Returns the beginning of a word that a caller sent.
fn short(word: &str) -> String {
    word.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<Question, Failure> {
        let pairs: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ask::read(&pairs)?.question(Subject::Models)
    }

    #[test]
    fn a_question_without_words_is_the_first_one() {
        assert_eq!(read(&[]).unwrap(), Question::first());
    }

    #[test]
    fn what_makes_no_sense_is_told_with_what_does() {
        for (query, told) in [
            (vec![("window", "year")], "day, week, month"),
            (vec![("by", "luck")], "tokens, raw-tokens, spend, accounts, voice"),
            (vec![("tools", "some")], "none, 1-3, 4-15, over-15"),
            (vec![("task", "math"), ("language", "eng")], "one slice at a time"),
            (vec![("colour", "red")], "there are window, by, model"),
            (vec![("task", "math"), ("window", "day")], "a week or a month"),
        ] {
            let failure = read(&query).unwrap_err();
            assert!(failure.to_string().contains(told), "{failure}");
        }
    }

    #[test]
    fn an_ending_says_in_which_form() {
        assert_eq!(Form::split("models.csv"), ("models", Form::Csv));
        assert_eq!(Form::split("models.json"), ("models", Form::Json));
        assert_eq!(Form::split("models"), ("models", Form::Json));
    }
}
