//! Models by the names that their makers' own clients call them, without an author.

use std::collections::{BTreeMap, HashMap};

use super::endpoint::{Endpoint, Tier};
use super::model::Model;
use super::place::ModelIx;
use super::provider::{Provider, ProviderClass};

/// What a name without an author stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bare {
    /// One model.
    One(ModelIx),
    /// Any of these: it does not say which.
    Several(Vec<ModelIx>),
}

/// Models by names without an author. How sure a name is, decides: a model's own, then what its
/// maker calls it, then what others call it, then what is written a little differently.
#[derive(Clone, Debug, Default)]
pub(super) struct BareNames {
    kinds: [HashMap<String, Vec<ModelIx>>; 4],
}

/// The slug of its id or permaslug.
const OWN: usize = 0;
/// The name under which its maker sells it.
const MAKERS: usize = 1;
/// The name under which anybody else sells it.
const SELLERS: usize = 2;
/// The slug, with every stop a dash.
const PLAIN: usize = 3;

impl BareNames {
    pub(super) fn new(
        models: &[Model],
        providers: &[Provider],
        endpoints: &[Endpoint],
    ) -> BareNames {
        let mut names = BareNames::default();
        // What callers have to agree to first is meant only where it is named in full.
        let told = |it: &(ModelIx, &Model)| it.1.stealth.is_none();
        for (place, model) in (0..).map(ModelIx).zip(models).filter(told) {
            for id in [&model.id, &model.permaslug] {
                let slug = id.split_once('/').map_or(id.as_str(), |(_, slug)| slug);
                names.add(OWN, slug.to_lowercase(), place);
                names.add(PLAIN, plain(slug), place);
            }
        }
        let makers = makers(models, providers, endpoints);
        // Another tier or serving goes by the same name as the usual one.
        let usual =
            |it: &&Endpoint| it.tier() == Tier::Default && it.variant.is_none() && !it.veiled;
        for endpoint in endpoints.iter().filter(usual) {
            let author = models[endpoint.model.0 as usize].author();
            let is_own = makers[endpoint.provider.0 as usize] == Some(author);
            let kind = if is_own { MAKERS } else { SELLERS };
            let sold_as = std::iter::once(&endpoint.upstream_model).chain(&endpoint.aliases);
            for name in sold_as.filter(|name| !name.contains('/')) {
                names.add(kind, name.to_lowercase(), endpoint.model);
            }
        }
        names
    }

    fn add(&mut self, kind: usize, name: String, model: ModelIx) {
        let models = self.kinds[kind].entry(name).or_default();
        if !models.contains(&model) {
            models.push(model);
        }
    }

    /// Returns what a name stands for; `None` where it is no name of anything.
    pub(super) fn find(&self, name: &str) -> Option<Bare> {
        if name.contains('/') || name.is_empty() {
            return None;
        }
        let name = name.to_lowercase();
        let undated = undated(&name);
        let spoken = [name.as_str(), undated];
        let tries = spoken.into_iter().take(if undated == name { 1 } else { 2 });
        for name in tries {
            let plain = plain(name);
            let found = [(OWN, name), (MAKERS, name), (PLAIN, plain.as_str()), (SELLERS, name)]
                .into_iter()
                .find_map(|(kind, name)| self.kinds[kind].get(name));
            match found.map(Vec::as_slice) {
                None => (),
                Some([one]) => return Some(Bare::One(*one)),
                Some(several) => return Some(self.nearer(several, &plain)),
            }
        }
        None
    }

    /// Returns the one of several whose slug is the name, or all.
    fn nearer(&self, several: &[ModelIx], plain: &str) -> Bare {
        let same = self.kinds[PLAIN].get(plain).map(Vec::as_slice).unwrap_or_default();
        let mut both = several.iter().filter(|it| same.contains(it));
        match (both.next(), both.next()) {
            (Some(one), None) => Bare::One(*one),
            _ => Bare::Several(several.to_vec()),
        }
    }
}

/// Returns whose models each provider sells as their maker: a lab those of the author that is
/// called as it is, or else of the one that most of its endpoints are of. Labs sell others'
/// models, too.
fn makers<'a>(
    models: &'a [Model],
    providers: &[Provider],
    endpoints: &[Endpoint],
) -> Vec<Option<&'a str>> {
    let mut sold: Vec<BTreeMap<&str, usize>> = vec![BTreeMap::new(); providers.len()];
    for endpoint in endpoints {
        let author = models[endpoint.model.0 as usize].author();
        *sold[endpoint.provider.0 as usize].entry(author).or_default() += 1;
    }
    let maker = |(provider, sold): (&Provider, BTreeMap<&'a str, usize>)| {
        let most = sold.values().copied().max()?;
        let mut mostly = sold.iter().filter(|(_, count)| **count == most).map(|(it, _)| *it);
        let only = mostly.next().filter(|_| mostly.next().is_none());
        let namesake = sold.keys().copied().find(|author| *author == provider.slug);
        namesake.or(only).filter(|_| provider.class == ProviderClass::Lab)
    };
    providers.iter().zip(sold).map(maker).collect()
}

/// Returns a slug as those write it who keep stops for versions of their own.
fn plain(slug: &str) -> String {
    slug.to_lowercase().replace('.', "-")
}

/// Returns a name without the day of its release, and without the word that stands in its place:
/// `-20250929`, `@20250929`, `-2024-07-18`, `-latest`.
fn undated(name: &str) -> &str {
    if let Some(rest) = name.strip_suffix("-latest").or_else(|| name.strip_suffix(":latest")) {
        return rest;
    }
    let digits = |it: &str, count| it.len() == count && it.bytes().all(|it| it.is_ascii_digit());
    if let Some((rest, day)) = name.rsplit_once(['-', '@'])
        && digits(day, 8)
    {
        return rest;
    }
    let mut parts = name.rsplitn(4, '-');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(day), Some(month), Some(year), Some(rest))
            if digits(day, 2) && digits(month, 2) && digits(year, 4) =>
        {
            rest
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ProviderIx;
    use crate::plan::stage::{endpoint, model, provider};

    fn names(rows: &[(&str, &str)]) -> BareNames {
        let lab = |slug: &str| Provider { class: ProviderClass::Lab, ..provider(slug) };
        let models: Vec<Model> = rows.iter().map(|(id, _)| model(id)).collect();
        let sold = (0..).zip(rows).flat_map(|(place, (id, sold_as))| {
            let own = Endpoint {
                provider: ProviderIx(u32::from(!id.starts_with("a/"))),
                upstream_model: (*sold_as).to_owned(),
                variant: id.ends_with("-fast").then(|| "fast".to_owned()),
                ..endpoint(0, place, "1")
            };
            let hosts = Endpoint {
                provider: ProviderIx(2),
                upstream_model: format!("hosted-{sold_as}"),
                ..own.clone()
            };
            [own, hosts]
        });
        let others = rows.last().map_or("b", |(id, _)| &id[..1]);
        let providers = [lab("a"), lab(others), provider("host")];
        BareNames::new(&models, &providers, &sold.collect::<Vec<_>>())
    }

    #[test]
    fn a_name_without_an_author_is_the_model_that_its_maker_calls_so() {
        let names = names(&[
            ("a/claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
            ("a/claude-opus-4.8", "claude-opus-4-8"),
            ("a/claude-opus-4.8-fast", "claude-opus-4-8"),
            ("o/gpt-4o-mini", "gpt-4o-mini"),
            ("o/gpt-4o", "gpt-4o"),
            ("o/gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ]);
        for (name, place) in [
            ("claude-sonnet-4-5-20250929", 0),
            ("claude-sonnet-4-5", 0),
            ("claude-sonnet-4.5", 0),
            ("Claude-Sonnet-4-5-latest", 0),
            ("claude-sonnet-4-5@20250929", 0),
            ("hosted-claude-sonnet-4-5-20250929", 0),
            ("claude-opus-4-8", 1),
            ("claude-opus-4.8-fast", 2),
            ("gpt-4o-mini", 3),
            ("gpt-4o-mini-2024-07-18", 3),
            ("gpt-4o", 4),
            ("gpt-4o-2024-05-13", 5),
        ] {
            assert_eq!(names.find(name), Some(Bare::One(ModelIx(place))), "{name}");
        }
        for name in ["", "gpt", "a/claude-sonnet-4-5", "claude", "2024-07-18", "-latest"] {
            assert_eq!(names.find(name), None, "{name}");
        }
    }

    #[test]
    fn a_lab_that_sells_what_others_make_is_not_its_maker() {
        let lab = |slug: &str| Provider { class: ProviderClass::Lab, ..provider(slug) };
        let models = [model("a/one"), model("b/two"), model("b/three")];
        let sold = |provider, place, name: &str| Endpoint {
            provider: ProviderIx(provider),
            upstream_model: name.to_owned(),
            ..endpoint(0, place, "1")
        };
        let endpoints = [
            // The first lab has the name of the author of one model and sells two of another's.
            sold(0, 0, "fast"),
            sold(0, 1, "slow"),
            sold(0, 2, "large"),
            // The second makes what it mostly sells.
            sold(1, 1, "fast"),
            sold(1, 2, "slow"),
            sold(1, 0, "large"),
        ];
        let names = BareNames::new(&models, &[lab("a"), lab("b-cloud")], &endpoints);
        assert_eq!(names.find("fast"), Some(Bare::Several(vec![ModelIx(0), ModelIx(1)])));
        assert_eq!(names.find("slow"), Some(Bare::One(ModelIx(2))));
        assert_eq!(names.find("large"), Some(Bare::Several(vec![ModelIx(2), ModelIx(0)])));
    }

    #[test]
    fn a_name_that_several_have_stands_for_none_of_them() {
        let names = names(&[("a/flash", "flash-1"), ("b/flash", "flash-1")]);
        let both = Some(Bare::Several(vec![ModelIx(0), ModelIx(1)]));
        assert_eq!(names.find("flash"), both);
        assert_eq!(names.find("flash-1"), both);
    }
}
