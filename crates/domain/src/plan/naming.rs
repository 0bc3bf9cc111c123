//! What the names in routing preferences mean.

use crate::catalog::{Endpoint, Provider, Tier};

/// Returns whether a name in `order` or `only` means this endpoint.
///
/// A provider's slug or name means all its endpoints but those of another tier, which only their
/// own name means, unless the request asked for that tier. Each further part of a name, as in
/// `google-vertex/us-east5`, has to be a qualifier of the endpoint.
pub(super) fn calls(name: &str, provider: &Provider, endpoint: &Endpoint, tier: bool) -> bool {
    match means(name, provider, endpoint) {
        None => false,
        Some(exactly) => exactly || tier || endpoint.tier() == Tier::Default,
    }
}

/// Returns whether a name in `ignore` means this endpoint: a slug means every tier, too.
pub(super) fn bans(name: &str, provider: &Provider, endpoint: &Endpoint) -> bool {
    means(name, provider, endpoint).is_some()
}

/// Returns whether a name means this endpoint, and if so whether it names its variant.
fn means(name: &str, provider: &Provider, endpoint: &Endpoint) -> Option<bool> {
    if [&provider.slug, &provider.display_name, &provider.name]
        .into_iter()
        .any(|own| name.eq_ignore_ascii_case(own))
    {
        return Some(false);
    }
    if name.eq_ignore_ascii_case(&endpoint.tag) {
        return Some(true);
    }
    let (slug, qualifiers) = name.split_once('/')?;
    if !slug.eq_ignore_ascii_case(&provider.slug) {
        return None;
    }
    let own = endpoint.tag.split('/').skip(1);
    let is_own = |qualifier: &str| own.clone().any(|it| it.eq_ignore_ascii_case(qualifier));
    let variant = endpoint.variant.as_deref();
    let names_variant = |it: &str| variant.is_some_and(|own| own.eq_ignore_ascii_case(it));
    qualifiers.split('/').all(is_own).then(|| qualifiers.split('/').any(names_variant))
}
