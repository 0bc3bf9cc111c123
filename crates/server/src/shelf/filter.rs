//! Which rows a query lets through.

use domain::catalog::Modality;
use domain::price::Rate;
use domain::time::{DAY_MS, Timestamp};

use super::row::Row;
use super::wanted::{Prices, Wanted};

impl Wanted {
    /// Returns whether a model is among those that are wanted.
    pub(crate) fn admits(&self, row: &Row, now: Timestamp) -> bool {
        (self.all || row.available)
            && self.outputs.as_ref().is_none_or(|outputs| writes_one(row, outputs))
            && self.inputs.iter().all(|input| row.inputs.contains(input))
            && self.context_min.is_none_or(|min| row.context.is_some_and(|own| min <= own))
            && self.prompt.contains(row.prompt)
            && self.completion.contains(row.completion)
            && self.admits_words(row)
            && self.admits_offers(row)
            && self.admits_age(row, now)
    }

    fn admits_words(&self, row: &Row) -> bool {
        let author = row.id.split('/').next().unwrap_or_default();
        let family = || row.tokenizer.to_lowercase();
        self.search.iter().all(|word| row.text.contains(word))
            && (self.authors.is_empty() || self.authors.iter().any(|wanted| wanted == author))
            && self.family.as_ref().is_none_or(|wanted| family().starts_with(wanted))
            && self.parameters.iter().all(|wanted| row.parameters.contains(&wanted.as_str()))
    }

    /// One offer has to satisfy all that is said about offers.
    fn admits_offers(&self, row: &Row) -> bool {
        let named = |names: &[String; 3]| {
            let is = |wanted: &String| names.iter().any(|name| name.to_lowercase() == *wanted);
            self.providers.is_empty() || self.providers.iter().any(is)
        };
        let indifferent =
            self.providers.is_empty() && !self.zero_retention && self.region.is_none();
        indifferent
            || row.offers.iter().any(|offer| {
                named(&offer.provider)
                    && (!self.zero_retention || offer.keeps_nothing)
                    && self.region.is_none_or(|region| offer.region == Some(region))
            })
    }

    fn admits_age(&self, row: &Row, now: Timestamp) -> bool {
        if self.age_min_days.is_none() && self.age_max_days.is_none() {
            return true;
        }
        let Some(created) = row.created else { return false };
        let days = (now.seconds() - created).div_euclid(DAY_MS / 1000);
        self.age_min_days.is_none_or(|min| i64::from(min) <= days)
            && self.age_max_days.is_none_or(|max| days <= i64::from(max))
    }
}

impl Prices {
    fn contains(&self, rate: Option<Rate>) -> bool {
        self.min.is_none_or(|min| rate.is_some_and(|rate| min <= rate))
            && self.max.is_none_or(|max| rate.is_some_and(|rate| rate <= max))
    }
}

/// Returns whether a model writes one of these. Text counts only where chat requests bring it: what
/// moderates or reads pages is not what a list of chat models is asked for.
fn writes_one(row: &Row, wanted: &[Modality]) -> bool {
    wanted.iter().any(|modality| {
        row.outputs.contains(modality) && (row.chats || *modality != Modality::Text)
    })
}

#[cfg(test)]
mod tests {
    use super::super::query::Query;
    use super::super::samples::{NOON, sample};
    use super::*;

    /// Checks which models a query lets through, by the second half of their ids.
    fn check(query: &[(&str, &str)], expected: &str) {
        let pairs: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let wanted = Wanted::read(Query(&pairs)).unwrap();
        let now = Timestamp::parse(NOON).unwrap();
        let rows = sample().rows();
        let mut admitted: Vec<&str> = rows
            .iter()
            .filter(|row| wanted.admits(row, now))
            .map(|row| &row.id["acme/".len()..])
            .collect();
        admitted.sort_unstable();
        assert_eq!(admitted.join(" "), expected, "{query:?}");
    }

    /// Checks the same among all models that are known.
    fn check_all(field: (&str, &str), expected: &str) {
        check(&[("available", "all"), ("output_modalities", "all"), field], expected);
    }

    #[test]
    fn only_what_can_be_called_and_chats_is_listed_by_default() {
        check(&[], "talker");
        check(&[("available", "all")], "riddle talker thinker");
        check(&[("output_modalities", "all")], "guard talker vector");
        check(&[("output_modalities", "text,embeddings")], "talker vector");
        check(&[("nobody", "knows this")], "talker");
    }

    #[test]
    fn facts_of_the_model_narrow_the_list() {
        check_all(("q", "TALK 1"), "talker");
        check_all(("q", "acme/th"), "thinker");
        check_all(("input_modalities", "text,image"), "talker");
        check_all(("context", "128001"), "talker thinker");
        check_all(("context", "256001"), "thinker");
        check_all(("arch", "llama"), "talker");
        check_all(("model_authors", "Acme,other"), "guard riddle talker thinker vector");
        check_all(("model_authors", "other"), "");
        check_all(("min_age_days", "400"), "vector");
        check_all(("max_age_days", "84"), "thinker");
        check_all(("max_age_days", "83"), "");
    }

    #[test]
    fn facts_of_the_endpoints_narrow_the_list() {
        check_all(("supported_parameters", "tools,max_tokens"), "talker");
        check_all(("supported_parameters", "telepathy"), "");
        check_all(("providers", "Slow"), "riddle talker thinker");
        check_all(("providers", "fast inference gmbh"), "guard talker vector");
        check_all(("zdr", "true"), "guard talker vector");
        check_all(("region", "eu"), "guard talker vector");
        check_all(("region", "us"), "riddle talker thinker");
        check(&[("region", "us"), ("zdr", "true"), ("available", "all")], "");
    }

    #[test]
    fn prices_are_compared_exactly_and_unknown_ones_never_fit() {
        check_all(("max_price", "0.5"), "guard talker vector");
        check_all(("max_price", "0.499999"), "guard vector");
        check_all(("min_price", "0"), "guard talker thinker vector");
        check_all(("min_output_price", "1.500001"), "thinker");
        check_all(("max_output_price", "1.5"), "guard talker");
    }
}
