//! A model on the shelf: as it is shown, and what queries ask of it.

use domain::catalog::{Endpoint, Modality, ModelIx, ModelKind, Provider};
use domain::price::Rate;
use serde_json::value::{RawValue, to_raw_value};

use super::model::{cheapest, context, created, model, parameters, tokenizer};
use super::pricing::in_force;
use super::view::{View, keeps_nothing};

/// A model as it is shown, and what queries ask of it.
pub(crate) struct Row {
    /// As it is shown, written once.
    pub shown: Box<RawValue>,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Id and name in lower case, which searches look through.
    pub text: String,
    /// What it is.
    pub description: String,
    /// Whether it can be called here.
    pub available: bool,
    /// Whether it answers chat requests.
    pub chats: bool,
    /// The family of its tokenizer.
    pub tokenizer: String,
    /// What it reads.
    pub inputs: Vec<Modality>,
    /// What it writes.
    pub outputs: Vec<Modality>,
    /// Tokens of prompt and answer together.
    pub context: Option<u32>,
    /// Seconds since 1970 at which it was released.
    pub created: Option<i64>,
    /// What a prompt token costs at the cheapest endpoint.
    pub prompt: Option<Rate>,
    /// What a completion token costs there.
    pub completion: Option<Rate>,
    /// The parameters that some endpoint takes.
    pub parameters: Vec<&'static str>,
    /// The endpoints that speak for it.
    pub offers: Vec<Offer>,
}

/// What queries ask of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The names of its provider: slug, and what people and answers call it.
    pub provider: [String; 3],
    /// Nothing of a prompt is kept.
    pub keeps_nothing: bool,
    /// The region in which prompts stay, where that is certain.
    pub region: Option<Region>,
}

/// A region that one may want prompts to stay in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    /// The European Union.
    Eu,
    /// The United States.
    Us,
}

/// Makes the rows of all models, in the catalog's order.
pub(crate) fn rows(view: &View<'_>) -> Vec<Row> {
    (0..).map(ModelIx).take(view.catalog.models().len()).map(|place| row(view, place)).collect()
}

fn row(view: &View<'_>, place: ModelIx) -> Row {
    let offered = view.offered(place);
    let known = view.catalog.model(place);
    let endpoints: Vec<&Endpoint> =
        offered.iter().map(|place| view.catalog.endpoint(*place)).collect();
    let price = cheapest(&endpoints, view.now).and_then(|top| in_force(top, view.now));
    let shown = to_raw_value(&model(view, place, &offered)).expect("a JSON value is JSON");
    Row {
        shown,
        id: known.id.clone(),
        name: known.name.clone(),
        text: format!("{} {}", known.id, known.name).to_lowercase(),
        description: known.description.clone(),
        available: !(view.callable)(place).is_empty(),
        chats: matches!(known.kind, ModelKind::Chat | ModelKind::Completion),
        tokenizer: tokenizer(known).to_owned(),
        inputs: known.input_modalities.clone(),
        outputs: known.output_modalities.clone(),
        context: context(known, &endpoints),
        created: created(known),
        prompt: price.and_then(|price| price.input),
        completion: price.and_then(|price| price.output),
        parameters: parameters(&endpoints),
        offers: offered.iter().map(|place| offer(view.look_up(*place))).collect(),
    }
}

fn offer((provider, endpoint): (&Provider, &Endpoint)) -> Offer {
    Offer {
        provider: [provider.slug.clone(), provider.display_name.clone(), provider.name.clone()],
        keeps_nothing: keeps_nothing(provider),
        region: region(provider, endpoint),
    }
}

/// The member states of the European Union, and the word of those who do not say which.
const EUROPEAN_UNION: [&str; 28] = [
    "EU", "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Returns the region in which an endpoint is certain to stay: it is a profile of that region, or
/// all machines of its provider stand there.
fn region(provider: &Provider, endpoint: &Endpoint) -> Option<Region> {
    if let Some(profile) = &endpoint.region {
        return match profile.as_str() {
            "eu" => Some(Region::Eu),
            "us" => Some(Region::Us),
            _ => None,
        };
    }
    let all_in = |countries: &[&str]| {
        !provider.datacenters.is_empty()
            && provider.datacenters.iter().all(|country| countries.contains(&country.as_str()))
    };
    if all_in(&EUROPEAN_UNION) {
        Some(Region::Eu)
    } else if all_in(&["US"]) {
        Some(Region::Us)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::{EndpointIx, ProviderIx};

    use super::super::samples::sample;
    use super::*;

    /// Returns where an endpoint is said to stay.
    fn stays(profile: Option<&str>, datacenters: &[&str]) -> Option<Region> {
        let catalog = sample().catalog;
        let provider = Provider {
            datacenters: datacenters.iter().map(|country| (*country).to_owned()).collect(),
            ..catalog.provider(ProviderIx(0)).clone()
        };
        let endpoint = Endpoint {
            region: profile.map(str::to_owned),
            ..catalog.endpoint(EndpointIx(0)).clone()
        };
        region(&provider, &endpoint)
    }

    #[test]
    fn a_region_is_said_only_where_it_is_certain() {
        assert_eq!(stays(None, &["DE", "FR"]), Some(Region::Eu));
        assert_eq!(stays(None, &["EU"]), Some(Region::Eu));
        assert_eq!(stays(None, &["US"]), Some(Region::Us));
        assert_eq!(stays(None, &["US", "DE"]), None);
        assert_eq!(stays(None, &["CH"]), None);
        assert_eq!(stays(None, &[]), None);
        assert_eq!(stays(Some("eu"), &["US"]), Some(Region::Eu));
        assert_eq!(stays(Some("global"), &["US"]), None);
    }
}
