//! Which models a caller wants to see, and how.
//!
//! Fields for facts that nobody has gathered here are ignored like any unknown one: `category`,
//! `distillable`, the indices of benchmarks and the success rates of tools.

use domain::catalog::Modality;
use domain::failure::Failure;
use domain::price::Rate;

use super::order::{Order, WORDS};
use super::page::Page;
use super::query::{Query, invalid};
use super::row::Region;

/// Which models a caller wants to see, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Those too that cannot be called here.
    pub all: bool,
    /// Every word must be in the name or the id; in lower case.
    pub search: Vec<String>,
    /// All must be taken.
    pub parameters: Vec<String>,
    /// All must be read.
    pub inputs: Vec<Modality>,
    /// One must be written; `None` admits all models.
    pub outputs: Option<Vec<Modality>>,
    /// Tokens of prompt and answer together, at least.
    pub context_min: Option<u32>,
    /// What a prompt token may cost.
    pub prompt: Prices,
    /// What a completion token may cost.
    pub completion: Prices,
    /// What the family of the tokenizer must begin with; in lower case.
    pub family: Option<String>,
    /// One must be the author.
    pub authors: Vec<String>,
    /// One must offer it.
    pub providers: Vec<String>,
    /// Somebody must offer it who keeps nothing.
    pub zero_retention: bool,
    /// Somebody must offer it there.
    pub region: Option<Region>,
    /// Days since its release, at least.
    pub age_min_days: Option<u32>,
    /// Days since its release, at most.
    pub age_max_days: Option<u32>,
    /// In what order.
    pub order: Order,
    /// Which part of them; `None` is all.
    pub page: Option<Page>,
    /// As a feed.
    pub rss: bool,
}

/// A range of prices. One that is unknown is in no range but the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prices {
    /// At least.
    pub min: Option<Rate>,
    /// At most.
    pub max: Option<Rate>,
}

impl Wanted {
    /// Reads the query of a listing.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field that is not what it must be.
    pub(crate) fn read(query: Query<'_>) -> Result<Wanted, Failure> {
        let lower = |text: Option<&str>| text.map(str::to_lowercase);
        let search = lower(query.text("q")?).unwrap_or_default();
        Ok(Wanted {
            all: available_all(query)?,
            search: search.split_whitespace().map(str::to_owned).collect(),
            parameters: query.list("supported_parameters")?,
            inputs: modalities(query, "input_modalities")?,
            outputs: outputs(query)?,
            context_min: query.number("context", 1..=u32::MAX)?,
            prompt: Prices { min: query.rate("min_price")?, max: query.rate("max_price")? },
            completion: Prices {
                min: query.rate("min_output_price")?,
                max: query.rate("max_output_price")?,
            },
            family: lower(query.text("arch")?),
            authors: query.list("model_authors")?,
            providers: query.list("providers")?,
            zero_retention: query.flag("zdr")?,
            region: query.word("region", &[("eu", Region::Eu), ("us", Region::Us)])?,
            age_min_days: query.number("min_age_days", 0..=u32::MAX)?,
            age_max_days: query.number("max_age_days", 0..=u32::MAX)?,
            order: query.word("sort", &WORDS)?.unwrap_or_default(),
            page: Page::read(query)?,
            rss: query.flag("use_rss")?,
        })
    }
}

/// Reads whether what cannot be called here is wanted too.
///
/// # Errors
/// `InvalidRequest` when `available` is no word for it.
pub(crate) fn available_all(query: Query<'_>) -> Result<bool, Failure> {
    Ok(query.word("available", &[("now", false), ("all", true)])?.unwrap_or(false))
}

/// Reads what models are to write: text where nothing is said.
fn outputs(query: Query<'_>) -> Result<Option<Vec<Modality>>, Failure> {
    let words = query.list("output_modalities")?;
    if words.is_empty() {
        return Ok(Some(vec![Modality::Text]));
    }
    if words.iter().any(|word| word == "all") {
        return Ok(None);
    }
    modalities(query, "output_modalities").map(Some)
}

fn modalities(query: Query<'_>, name: &str) -> Result<Vec<Modality>, Failure> {
    let meant = |word: &String| {
        Modality::ALL.into_iter().find(|modality| modality.word() == word).ok_or_else(|| {
            let words: Vec<&str> = Modality::ALL.into_iter().map(Modality::word).collect();
            invalid(name, &format!("a list out of {}", words.join(", ")))
        })
    };
    query.list(name)?.iter().map(meant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Wanted, Failure> {
        Wanted::read(Query(&[(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn what_is_invalid_is_told_with_the_name_of_the_field() {
        let bad = [
            ("available", "later"),
            ("output_modalities", "text,smell"),
            ("input_modalities", "all"),
            ("context", "0"),
            ("context", "many"),
            ("min_price", "-1"),
            ("max_price", "0.0000001"),
            ("max_output_price", "NaN"),
            ("zdr", "yes"),
            ("region", "mars"),
            ("max_age_days", "1.5"),
            ("sort", "best"),
            ("offset", "-1"),
            ("limit", "0"),
            ("limit", "1001"),
            ("use_rss", "1"),
        ];
        for (name, value) in bad {
            let failure = read(name, value).unwrap_err();
            assert_eq!((failure.status(), failure.param.as_deref()), (400, Some(name)), "{value}");
        }
        let told = read("region", "mars").unwrap_err().detail;
        insta::assert_snapshot!(told, @"`region` must be one of eu, us.");
    }

    #[test]
    fn lists_and_texts_are_bounded() {
        let many: Vec<String> = (0..101).map(|number| format!("p{number}")).collect();
        assert!(read("providers", &many.join(",")).is_err());
        assert!(read("providers", &many[..100].join(",")).is_ok());
        assert!(read("q", &"x".repeat(201)).is_err());
    }

    #[test]
    fn what_is_given_empty_is_not_given() {
        let nothing = Wanted::read(Query(&[])).unwrap();
        for name in ["q", "sort", "context", "min_price", "providers", "limit", "use_rss"] {
            assert_eq!(read(name, " ").unwrap(), nothing, "{name}");
        }
    }
}
