//! How load is spread.

use crate::catalog::Catalog;
use crate::health::{EndpointHealth, Gate};
use crate::plan::stage::{Moment, facts, three};
use crate::price::{Price, PriceCard, Rate};
use crate::request::Preferences;

const DRAWS: u32 = 20_000;

/// How often each is first, in a thousand.
fn shares(catalog: &Catalog, health: &dyn Fn(u32) -> EndpointHealth) -> [u32; 3] {
    let mut firsts = [0; 3];
    for entropy in 0..u128::from(DRAWS) {
        let moment = Moment { health, entropy, ..Moment::of(catalog) };
        let order = moment.order(&facts(Preferences::default())).unwrap();
        assert_eq!(order.len(), 3);
        firsts[usize::from(order.as_bytes()[0] - b'a')] += 1_000;
    }
    firsts.map(|count| count / DRAWS)
}

fn near(found: [u32; 3], wanted: [u32; 3]) {
    for (found, wanted) in found.into_iter().zip(wanted) {
        assert!(found.abs_diff(wanted) <= 12, "{found} instead of {wanted} in a thousand");
    }
}

#[test]
fn a_third_of_the_price_is_drawn_nine_times_as_often() {
    let catalog = three(|_, _, _| ());
    // 1 : 1/4 : 1/9.
    near(shares(&catalog, &|_| EndpointHealth::default()), [735, 184, 81]);
}

#[test]
fn who_had_an_outage_is_not_drawn() {
    let catalog = three(|_, _, _| ());
    let health =
        |place: u32| EndpointHealth { had_outage_lately: place == 1, ..Default::default() };
    near(shares(&catalog, &health), [900, 0, 100]);
}

#[test]
fn who_comes_back_gets_its_share() {
    let catalog = three(|_, _, _| ());
    let health = |place: u32| match place {
        0 => EndpointHealth {
            gate: Gate::Slow { share_percent: 10 },
            had_outage_lately: true,
            ..Default::default()
        },
        _ => EndpointHealth::default(),
    };
    // 0.1 : 1/4 : 1/9.
    near(shares(&catalog, &health), [217, 542, 241]);
}

#[test]
fn who_does_much_worse_is_asked_now_and_then() {
    let catalog = three(|_, _, _| ());
    let health = |place: u32| EndpointHealth { is_demoted: place == 0, ..Default::default() };
    // 2 % of what the others share.
    near(shares(&catalog, &health), [20, 678, 302]);
}

#[test]
fn beside_what_is_free_only_that_is_drawn() {
    let catalog = three(|place, _, endpoint| {
        if place != 2 {
            let free =
                Price { input: Some(Rate::FREE), output: Some(Rate::FREE), ..Price::default() };
            endpoint.price = Some(PriceCard::flat(free));
        }
    });
    near(shares(&catalog, &|_| EndpointHealth::default()), [500, 500, 0]);
}

#[test]
fn the_rest_follow_cheap_before_dear() {
    let catalog = three(|_, _, _| ());
    for entropy in 0..200 {
        let moment = Moment { entropy, ..Moment::of(&catalog) };
        let order = moment.order(&facts(Preferences::default())).unwrap();
        assert!(["abc", "bac", "cab"].contains(&order.as_str()), "{order}");
    }
}
