//! Prices that cannot be meant. An endpoint with one is quarantined until a person has looked.

use super::decision::{Decision, DecisionKind};
use super::offer::Offer;
use super::price::Price;

/// Quarantines what is priced in a way that nobody can mean, and tells it.
pub(super) fn quarantine_senseless(offers: &mut [Offer]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for offer in offers {
        let is_billed = offer.billing == "token";
        let doubt = senseless_tiers(offer).or_else(|| senseless_window(offer));
        let doubt = doubt.or_else(|| senseless_price(offer).filter(|_| is_billed));
        let Some(doubt) = doubt else { continue };
        if is_billed {
            decisions.push(Decision::new(DecisionKind::SenselessPrice, offer.name(), &doubt));
            offer.billing = "quarantined".to_owned();
            offer.note = Some(doubt);
        }
        offer.tiers.clear();
        offer.windows.clear();
        offer.priority = None;
    }
    decisions
}

fn senseless_price(offer: &Offer) -> Option<String> {
    let tiers = offer.tiers.iter().map(|(_, price)| price);
    let windows = offer.windows.iter().map(|(_, price)| price);
    let mut all = std::iter::once(&offer.price).chain(tiers).chain(windows).chain(&offer.priority);
    all.find_map(|price| {
        let (input, read) = (price.part("input"), price.part("cache_read"));
        if input.is_some_and(|input| input.is_zero()) {
            return Some(format!("input costs nothing, but not all of {}", price.to_toml()));
        }
        let above = input.zip(read).filter(|(input, read)| input < read);
        above.map(|(input, read)| format!("cache_read {read} is above input {input}"))
    })
}

/// Tiers have to rise and may price nothing that the base price does not.
fn senseless_tiers(offer: &Offer) -> Option<String> {
    let rises = offer.tiers.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !rises {
        return Some("two price tiers begin at the same count of tokens".to_owned());
    }
    let lacking = |price: &Price| {
        let part = price
            .parts()
            .into_iter()
            .map(|(part, _)| part)
            .find(|part| offer.price.part(part).is_none());
        part.map(|part| format!("a price tier names {part}, the base price does not"))
    };
    offer.tiers.iter().find_map(|(_, price)| lacking(price))
}

/// A price that replaces the base as a whole has to name all of it.
fn senseless_window(offer: &Offer) -> Option<String> {
    let windows = offer.windows.iter().map(|(_, price)| price);
    windows.chain(&offer.priority).find_map(|price| {
        let mut parts = offer.price.parts().into_iter().map(|(part, _)| part);
        let lacking = parts.find(|part| price.part(part).is_none());
        lacking.map(|part| format!("{} lacks {part}, which the base price names", price.to_toml()))
    })
}
