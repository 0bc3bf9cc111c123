//! Whether a conversation stays where its prompt cache is.

use super::bond::{Bond, Stay};
use super::candidate::Considered;
use super::offers::Offers;
use super::rank::{Entry, Standing};
use crate::money::Money;
use crate::request::Facts;

/// Moves the endpoint that holds the conversation's cache to the front, where that is worth more
/// than what others are better by.
pub(super) fn stick(
    bond: &Bond,
    ranked: &mut [Entry],
    (facts, offers): (&Facts, &Offers<'_>),
    considered: &[Considered],
) -> Stay {
    let is_it = |it: &Considered| offers.catalog.endpoint(it.endpoint).id == bond.endpoint;
    if !facts.preferences.order.is_empty() {
        return Stay::Ordered;
    }
    if !bond.is_alive(offers.now) {
        return Stay::Expired;
    }
    let Some(seen) = considered.iter().position(is_it) else { return Stay::Gone };
    let Some(place) = ranked.iter().position(|it| it.seen == seen) else { return Stay::LeftOut };
    let (first, own) = (&ranked[0].rank, &ranked[place].rank);
    if own.group.closed {
        return Stay::Closed;
    }
    if own.group.turn != first.group.turn || considered[seen].model != ranked[0].model(considered) {
        return Stay::Gone;
    }
    let endpoint = offers.catalog.endpoint(own.endpoint);
    let prompt = facts.prompt_bytes / 4;
    let card = endpoint.price.as_ref();
    let price = card.map(|card| card.at(offers.now, facts.priority).for_prompt(prompt));
    let saving = price.map_or(Money::ZERO, |price| bond.saving(&price, prompt));
    let gain = gain(own.cost, first.cost, own.group.standing);
    if 0 < place && saving <= gain {
        return Stay::NotWorthIt { saving, gain };
    }
    ranked[..=place].rotate_right(1);
    Stay::Stays { saving, gain }
}

/// Returns what it is worth to go elsewhere: what that is cheaper by, and a part of the cost for an
/// endpoint that is not at its best.
fn gain(own: Money, other: Money, standing: Standing) -> Money {
    let cheaper = own.saturating_sub(other).max(Money::ZERO);
    let trouble = match standing {
        Standing::Well => 0,
        Standing::Shaky => own.nanos() / 4,
        Standing::Demoted => own.nanos() / 2,
    };
    cheaper.saturating_add(Money::from_nanos(trouble))
}
