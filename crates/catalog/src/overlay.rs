//! Lays what the operator says over what was shipped.

use std::collections::HashMap;

use domain::catalog::Billing;
use domain::nearest::nearest;

use crate::endpoint::{EndpointRow, Slot};
use crate::fault::{FaultKind, Sink};
use crate::files::Rows;
use crate::provider::ProviderRow;

/// Merges overlays into the base, one after the other.
pub(crate) fn apply(base: &mut Rows, overlays: Vec<Rows>, sink: &Sink) {
    // A later file may build on a provider or a model that an earlier or later one brings.
    let mut endpoints = Vec::new();
    for overlay in overlays {
        for provider in overlay.providers {
            lay_provider(base, provider, sink);
        }
        base.models.extend(overlay.models);
        base.aliases.extend(overlay.aliases);
        endpoints.extend(overlay.endpoints);
    }
    let mut places: HashMap<(String, Slot), usize> = (0..)
        .zip(&base.endpoints)
        .map(|(place, (slug, row))| ((slug.clone(), row.slot.clone()), place))
        .collect();
    for (slug, row) in endpoints {
        lay_endpoint(base, &mut places, slug, row, sink);
    }
}

fn lay_provider(base: &mut Rows, over: ProviderRow, sink: &Sink) {
    if let Some(known) = base.providers.iter_mut().find(|known| known.slug == over.slug) {
        known.lay_over(over);
        return;
    }
    if over.base_url.is_none() {
        let near = nearest(&over.slug, base.providers.iter().map(|it| it.slug.as_str()), 3);
        let message = format!(
            "there is no provider `{}`{}. A new one needs `base_url` and `dialect`",
            over.slug,
            hint(&near)
        );
        sink.push(over.place.fault(FaultKind::UnknownProvider, message));
        return;
    }
    base.providers.push(over.into_private());
}

fn lay_endpoint(
    base: &mut Rows,
    places: &mut HashMap<(String, Slot), usize>,
    slug: String,
    row: EndpointRow,
    sink: &Sink,
) {
    if !base.providers.iter().any(|provider| provider.slug == slug) {
        let near = nearest(&slug, base.providers.iter().map(|it| it.slug.as_str()), 3);
        let message = format!("there is no provider `{slug}`{}", hint(&near));
        sink.push(row.place.fault_at("provider", FaultKind::UnknownProvider, message));
        return;
    }
    let selector = (slug, row.slot.clone());
    if let Some(place) = places.get(&selector) {
        let known = &mut base.endpoints[*place].1;
        check_lifting(known, &row, sink);
        known.lay_over(row);
        return;
    }
    let (slug, slot) = selector;
    if row.id.is_none() {
        let message = unknown_endpoint(base, &slug, &slot);
        sink.push(row.place.fault(FaultKind::UnknownEndpoint, message));
        return;
    }
    places.insert((slug.clone(), slot), base.endpoints.len());
    base.endpoints.push((slug, row));
}

/// Doubt about a price ends on the day on which a person looked, and the file has to name it.
fn check_lifting(known: &EndpointRow, row: &EndpointRow, sink: &Sink) {
    let settles = row.billing == Some(Billing::Token);
    let doubtful = known.billing.unwrap_or_default() != Billing::Token;
    if settles && doubtful && !row.confirmed {
        let message = "needs `confirmed_on`, the day on which somebody checked the price";
        sink.push(row.place.fault_at("billing", FaultKind::Unconfirmed, message));
    }
}

fn unknown_endpoint(base: &Rows, slug: &str, slot: &Slot) -> String {
    let there: Vec<String> = base
        .endpoints
        .iter()
        .filter(|(provider, row)| provider == slug && row.slot.model == slot.model)
        .map(|(_, row)| row.slot.say())
        .collect();
    let offers = if there.is_empty() {
        let models = base.endpoints.iter().filter(|(provider, _)| provider == slug);
        let near = nearest(&slot.model, models.map(|(_, row)| row.slot.model.as_str()), 3);
        hint(&near)
    } else {
        format!("; it offers {}", there.join(", "))
    };
    format!("{slug} offers no {}{offers}. To add one, say its `id`", slot.say())
}

/// Returns the end of a sentence that names what may have been meant.
pub(crate) fn hint(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; near it: {}", near.join(", ")) }
}
