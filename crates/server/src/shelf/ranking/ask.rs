//! What is asked of rankings, in the words of addresses.

use classify::{Macro, Tag};
use domain::failure::{Failure, FailureKind};
use traffic::event::{Context, Offered};
use traffic::figures::{Order, Question, Slice, Subject, Window};
use traffic::sums::ROUTER;

/// A question that a ranking answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What is used most.
    Board(Question),
    /// What is used more than it was.
    Rising,
    /// Which providers answer reliably.
    Stable,
    /// When it is cheap: with which model, or with every one.
    Hours(Option<String>),
    /// What gives the most for its price.
    Value,
    /// What requests are for.
    Tasks,
}

/// What can be asked beside the boards, with what it answers.
pub(crate) const OTHERS: [(&str, &str); 5] = [
    ("rising", "models that are used more than they were, and not by chance"),
    ("stable", "providers by how reliably they answered, in groups that cannot be told apart"),
    ("hours", "when models are cheap, as posted and as it was paid"),
    ("value", "models by what they give for their price"),
    ("tasks", "what requests are for, and the models that are used for it"),
];

/// The parameters that a query of a ranking has.
pub(crate) const WORDS: [&str; 10] =
    ["window", "by", "model", "task", "group", "language", "context", "tools", "chosen", "app"];

/// The most bytes of a value that a query names.
const VALUE_BYTES_MAX: usize = 300;

impl Asked {
    /// Reads the question of a name with the parameters of a query. On a public instance two things
    /// are not told.
    ///
    /// # Errors
    /// `NotFound` for an unknown name; `InvalidRequest` for a parameter that does not exist, a word
    /// that is none of those that there are, and what may not be told.
    pub(crate) fn read(
        name: &str,
        pairs: &[(String, String)],
        is_public: bool,
    ) -> Result<Asked, Failure> {
        let ask = Ask::read(pairs)?;
        if let Some(subject) = Subject::ALL.into_iter().find(|subject| subject.word() == name) {
            return Ok(Asked::Board(tellable(ask.question(subject)?, is_public)?));
        }
        match name {
            "rising" => Ok(Asked::Rising),
            "stable" => Ok(Asked::Stable),
            "hours" => Ok(Asked::Hours(ask.model)),
            "value" => Ok(Asked::Value),
            "tasks" => Ok(Asked::Tasks),
            _ => Err(unknown(name)),
        }
    }

    /// Returns its name in addresses.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Asked::Board(question) => question.subject.word(),
            Asked::Rising => "rising",
            Asked::Stable => "stable",
            Asked::Hours(_) => "hours",
            Asked::Value => "value",
            Asked::Tasks => "tasks",
        }
    }

    /// Returns its parameters, in one order, without those that are usual.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut say = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        match self {
            Asked::Board(question) => {
                let usual = Question::first();
                if question.window != usual.window {
                    say("window", question.window.word());
                }
                if question.order != usual.order {
                    say("by", question.order.word());
                }
                if question.slice != usual.slice {
                    let (kind, value) = question.slice.words();
                    say(kind, value);
                }
            }
            Asked::Hours(Some(model)) => say("model", model),
            Asked::Hours(None) | Asked::Rising | Asked::Stable | Asked::Value | Asked::Tasks => (),
        }
        pairs
    }
}

/// Returns a question that may be asked.
fn tellable(question: Question, is_public: bool) -> Result<Question, Failure> {
    if is_public && question.order == Order::RawTokens {
        return Err(Failure::invalid(
            "this instance tells capped tokens alone: raw ones beside them would tell what the \
             largest account used",
        ));
    }
    if is_public && matches!(question.slice, Slice::App(_)) {
        return Err(Failure::invalid("which models an app uses is not told on this instance"));
    }
    Ok(question)
}

fn unknown(name: &str) -> Failure {
    let others = OTHERS.iter().map(|(name, _)| *name);
    let known: Vec<&str> = Subject::ALL.into_iter().map(Subject::word).chain(others).collect();
    Failure::caller(
        FailureKind::NotFound,
        format!("there is no ranking `{}`; there are {}", short(name), known.join(", ")),
    )
}

/// The words of a query.
#[derive(Clone, Debug, Default)]
struct Ask {
    window: Option<String>,
    order: Option<String>,
    slice: Option<(String, String)>,
    model: Option<String>,
}

impl Ask {
    fn read(pairs: &[(String, String)]) -> Result<Ask, Failure> {
        let mut ask = Ask::default();
        for (name, value) in pairs {
            if VALUE_BYTES_MAX < value.len() {
                return Err(Failure::invalid(format!("`{}` is too long", short(name))));
            }
            let value = value.clone();
            match name.as_str() {
                "window" => ask.window = Some(value),
                "by" => ask.order = Some(value),
                "model" => ask.model = Some(value),
                kind if WORDS.contains(&kind) => {
                    if ask.slice.is_some() {
                        return Err(Failure::invalid("a ranking has one slice at a time"));
                    }
                    ask.slice = Some((kind.to_owned(), value));
                }
                _ => {
                    return Err(Failure::invalid(format!(
                        "`{}` is no parameter of a ranking; there are {}",
                        short(name),
                        WORDS.join(", ")
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
    fn question(&self, subject: Subject) -> Result<Question, Failure> {
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
        "chosen" => one(kind, value, &[ROUTER], |word| word)?.map(|_| Slice::Router),
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

    fn asked(name: &str, query: &[(&str, &str)], is_public: bool) -> Result<Asked, Failure> {
        let pairs: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Asked::read(name, &pairs, is_public)
    }

    fn read(query: &[(&str, &str)]) -> Result<Asked, Failure> {
        asked("models", query, false)
    }

    #[test]
    fn a_question_without_words_is_the_first_one() {
        assert_eq!(read(&[]).unwrap(), Asked::Board(Question::first()));
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
    fn a_question_is_written_in_one_order_and_read_as_it_was() {
        for (name, query, told) in [
            ("models", vec![("task", "math"), ("by", "spend"), ("window", "month")], 3),
            ("authors", vec![("by", "tokens"), ("window", "week")], 0),
            ("hours", vec![("model", "a/b")], 1),
            ("rising", Vec::new(), 0),
        ] {
            let question = asked(name, &query, false).unwrap();
            let pairs = question.pairs();
            assert_eq!(pairs.len(), told, "{name}");
            assert_eq!(Asked::read(name, &pairs, false).unwrap(), question);
        }
    }

    #[test]
    fn everybody_is_told_less() {
        for query in [("by", "raw-tokens"), ("app", "https://a.example.com")] {
            assert!(asked("models", &[query], true).is_err(), "{query:?}");
            assert!(asked("models", &[query], false).is_ok(), "{query:?}");
        }
    }

    #[test]
    fn every_question_that_is_listed_is_one() {
        let all = Subject::ALL.into_iter().map(Subject::word).chain(OTHERS.map(|it| it.0));
        for name in all {
            assert!(asked(name, &[], true).is_ok(), "{name}");
        }
        let failure = asked("luck", &[], true).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound);
        assert!(failure.detail.contains("models, authors"), "{failure}");
    }
}
