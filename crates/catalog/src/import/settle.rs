//! What happens to offers once all are known: premiums, fast modes, twins, prices by time of day.

use std::collections::BTreeMap;

use super::curated::{Curated, FastMode, PriceWindow, WindowState};
use super::decision::{Decision, DecisionKind};
use super::identity::Identity;
use super::model::{inline, quoted};
use super::offer::{Offer, Slot};
use super::price::Price;
use super::sense::quarantine_senseless;

/// Settles `offers` among each other; each provider has one offer for each slot afterwards.
pub(super) fn settle(
    curated: &Curated,
    identity: &mut Identity<'_>,
    mut offers: Vec<Offer>,
    decisions: &mut Vec<Decision>,
) -> Vec<Offer> {
    quarantine_copied_premiums(curated, &mut offers);
    let fast = fast_modes(curated, identity, &mut offers);
    offers.extend(fast);
    let mut offers = join_floating(join_twins(offers, decisions));
    attach_windows(curated, &mut offers, decisions);
    decisions.extend(quarantine_senseless(&mut offers));
    offers
}

/// A regional profile at the price of the global one is the source's mistake where more is billed.
fn quarantine_copied_premiums(curated: &Curated, offers: &mut [Offer]) {
    let Some(premium) = &curated.corrections.regional_premium else { return };
    let ours = |offer: &&Offer| offer.provider == premium.provider;
    let is_global = |offer: &&Offer| offer.serving.region.as_deref() == Some("global");
    let global = offers.iter().filter(ours).filter(is_global);
    let global: BTreeMap<String, Price> =
        global.map(|offer| (offer.model().to_owned(), offer.price.clone())).collect();
    for offer in offers.iter_mut().filter(|offer| offer.provider == premium.provider) {
        let author = offer.model().split('/').next();
        let region = offer.serving.region.as_deref();
        let is_regional =
            region.is_some_and(|region| premium.regions.iter().any(|regional| regional == region));
        if author != Some(premium.author.as_str()) || !is_regional {
            continue;
        }
        let same = |global: &Price| global.part("input") == offer.price.part("input");
        let reason = match premium.also.get(&offer.source_id) {
            Some(reason) => Some(reason),
            None => global.get(offer.model()).is_some_and(same).then_some(&premium.reason),
        };
        if let Some(reason) = reason {
            offer.billing = "quarantined".to_owned();
            offer.note = Some(reason.clone());
        }
    }
}

/// A fast mode is a model of its own or a tier of the service, as its directory says.
fn fast_modes(curated: &Curated, identity: &mut Identity<'_>, offers: &mut [Offer]) -> Vec<Offer> {
    let mut found = Vec::new();
    for offer in offers {
        let directory = offer.directory.as_ref().and_then(|name| curated.directories.get(name));
        let Some(fast) = offer.fast.take().filter(|fast| !fast.price.is_empty()) else { continue };
        match directory.and_then(|directory| directory.fast_mode) {
            Some(FastMode::PriorityTier) => offer.priority = Some(fast.price),
            Some(FastMode::Model) => {
                let mut other = offer.clone();
                other.serving.model.push_str("-fast");
                other.serving.variant = Some("fast".to_owned());
                other.facts.name = other.facts.name.map(|name| format!("{name} (Fast)"));
                other.price = fast.price;
                other.tiers.clear();
                other.body = fast.body;
                other.headers = fast.headers;
                identity.declare(other.model());
                found.push(other);
            }
            None => {}
        }
    }
    found
}

/// Ids of one slot are one offer: one id leads and the others are its aliases.
fn join_twins(offers: Vec<Offer>, decisions: &mut Vec<Decision>) -> Vec<Offer> {
    let mut slots: BTreeMap<(String, Slot), Vec<Offer>> = BTreeMap::new();
    for offer in offers {
        slots.entry((offer.provider.clone(), offer.slot())).or_default().push(offer);
    }
    let mut leaders = Vec::new();
    for (_, mut twins) in slots {
        twins.sort_by_cached_key(precedence);
        let mut twins = twins.into_iter();
        let Some(mut leader) = twins.next() else { continue };
        for twin in twins {
            if (&twin.price, &twin.tiers) != (&leader.price, &leader.tiers) {
                let detail = format!(
                    "{} at {} beside {} at {}",
                    leader.id,
                    leader.price.to_toml(),
                    twin.id,
                    twin.price.to_toml()
                );
                let about = leader.name();
                decisions.push(Decision::new(DecisionKind::AliasPriceDiffers, about, detail));
            }
            add_alias(&mut leader, twin.id);
        }
        leaders.push(leader);
    }
    leaders
}

/// An id whose meaning does not move goes first, then one that lasts, then the one with more dates.
fn precedence(offer: &Offer) -> (bool, bool, i64, i64, String) {
    let dates = dates(&offer.id) as i64;
    let id = offer.id.clone();
    (offer.serving.floating, offer.is_deprecated(), -dates, -(id.len() as i64), id)
}

/// How many dates `20YYMMDD` stand in an id.
fn dates(id: &str) -> usize {
    let bytes = id.as_bytes();
    let (mut at, mut count) = (0, 0);
    while let Some(window) = bytes.get(at..at + 8) {
        let dated = window.starts_with(b"20") && window.iter().all(u8::is_ascii_digit);
        count += usize::from(dated);
        at += if dated { 8 } else { 1 };
    }
    count
}

fn add_alias(offer: &mut Offer, id: String) {
    if id != offer.id && !offer.aliases.contains(&id) {
        offer.aliases.push(id);
        offer.aliases.sort();
    }
}

/// Moving ids for thinking and not thinking only repeat an id that does not move, if there is one.
fn join_floating(offers: Vec<Offer>) -> Vec<Offer> {
    let base_of = |offer: &Offer| {
        let mut slot = offer.slot();
        slot.3.clear();
        (offer.provider.clone(), slot)
    };
    let fixed = offers.iter().enumerate().filter(|(_, offer)| !offer.serving.floating);
    let fixed: BTreeMap<(String, Slot), usize> =
        fixed.map(|(at, offer)| ((offer.provider.clone(), offer.slot()), at)).collect();
    let mut kept: Vec<Option<Offer>> = offers.into_iter().map(Some).collect();
    for at in 0..kept.len() {
        let floats = |offer: &&Offer| offer.serving.floating && offer.serving.mode.is_some();
        let Some(offer) = kept[at].as_ref().filter(floats) else { continue };
        let (base, id) = (fixed.get(&base_of(offer)).copied(), offer.id.clone());
        if let Some(base) = base.and_then(|base| kept[base].as_mut()) {
            add_alias(base, id);
            kept[at] = None;
        }
    }
    kept.into_iter().flatten().collect()
}

/// Attaches prices by time of day; outside their hours they must find the price that they know.
fn attach_windows(curated: &Curated, offers: &mut [Offer], decisions: &mut Vec<Decision>) {
    for window in curated.windows.window.iter().filter(|window| window.state != WindowState::Ended)
    {
        let about = format!("{}:{}", window.provider, window.id);
        let ours = offers.iter_mut().filter(|offer| {
            offer.provider == window.provider
                && offer.model() == window.model
                && offer.id == window.id
        });
        let prices = (Price::of_texts(&window.base), Price::of_texts(&window.price));
        let (Some(base), Some(price)) = prices else {
            let detail = "its price by time of day cannot be billed";
            decisions.push(Decision::new(DecisionKind::MalformedRow, about, detail));
            continue;
        };
        let mut found = false;
        for offer in ours {
            found = true;
            if !offer.price.holds(&base) {
                let detail = format!(
                    "the window starts from {}, the endpoint costs {}",
                    base.to_toml(),
                    offer.price.to_toml()
                );
                let kind = DecisionKind::WindowBaseDiffers;
                decisions.push(Decision::new(kind, &about, &detail));
                offer.billing = "quarantined".to_owned();
                offer.note = Some(detail);
            }
            offer.windows.push((section(window, &price), price.clone()));
        }
        if !found && window.state == WindowState::Active {
            let detail = format!("no endpoint of {} has this id", window.model);
            decisions.push(Decision::new(DecisionKind::WindowWithoutEndpoint, about, detail));
        }
    }
}

/// The body of a `[[endpoint.price_window]]`.
fn section(window: &PriceWindow, price: &Price) -> String {
    let text = |text: &Option<String>| text.as_deref().map(quoted);
    let lines = [
        ("valid_from", text(&window.valid_from)),
        ("valid_until", text(&window.valid_until)),
        ("windows_utc", Some(inline(&window.windows_utc))),
        ("days", window.days.as_ref().map(inline)),
        ("holidays", window.holidays.as_ref().map(inline)),
        ("note", text(&window.note)),
        ("price", Some(price.to_toml())),
        ("source", Some(quoted(&window.source))),
        ("seen", Some(quoted(&window.seen))),
    ];
    let said = lines.into_iter().filter_map(|(key, value)| Some((key, value?)));
    said.map(|(key, value)| format!("{key} = {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_ids_are_counted() {
        let counts = ["a-20250101", "2025010120250101", "19990101", "2025-01-01", "x"].map(dates);
        assert_eq!(counts, [1, 2, 0, 0, 0]);
    }
}
