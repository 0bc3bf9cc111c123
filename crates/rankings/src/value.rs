//! Which models give most for the money.

use crate::mix::mix;

/// A model by what a task costs with it and how well it does it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The model.
    pub name: String,
    /// What the task costs, in dollars: the middle and its uncertainty.
    pub cost: Measure,
    /// How well it is done, 0 to 100: the middle and its uncertainty.
    pub quality: Measure,
}

/// A figure and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// The middle.
    pub mean: f64,
    /// The standard error; for a cost that of its logarithm.
    pub error: f64,
}

/// What an offer is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Worth {
    /// The model.
    pub name: String,
    /// The chance that no other is both cheaper and better.
    pub frontier: f64,
    /// `quality − λ · log10(cost / 1 cent)`; `None` where it costs nothing.
    pub value: Option<f64>,
}

/// What ten times the price has to bring in points of quality, unless the reader says otherwise.
pub const LAMBDA: f64 = 15.0;
/// The draws behind the chance of being on the frontier.
pub const DRAWS: u64 = 1_000;

/// Returns the worth of offers, the highest value first, those that cost nothing last.
///
/// Unlike quality over price the value does not explode as prices near zero, and neither another
/// currency nor a longer task changes an order. `lambda` says how many points of quality a tenth of
/// the price is worth.
pub fn worth(offers: &[Offer], lambda: f64, seed: u64) -> Vec<Worth> {
    let mut wins = vec![0_u64; offers.len()];
    for draw in 0..DRAWS {
        let points: Vec<(f64, f64)> = offers
            .iter()
            .enumerate()
            .map(|(place, offer)| {
                let lot = mix(mix(seed, draw), place as u64);
                let cost = offer.cost.mean.max(0.0) * (offer.cost.error * normal(lot)).exp();
                (cost, offer.quality.mean + offer.quality.error * normal(mix(lot, 1)))
            })
            .collect();
        for (place, win) in wins.iter_mut().enumerate() {
            *win += u64::from(!is_dominated(&points, place));
        }
    }
    let mut found: Vec<Worth> = offers
        .iter()
        .zip(wins)
        .map(|(offer, wins)| Worth {
            name: offer.name.clone(),
            frontier: wins as f64 / DRAWS as f64,
            value: (0.0 < offer.cost.mean)
                .then(|| offer.quality.mean - lambda * (offer.cost.mean / 0.01).log10()),
        })
        .collect();
    found.sort_by(|a, b| {
        let key = |worth: &Worth| worth.value.unwrap_or(f64::NEG_INFINITY);
        key(b).total_cmp(&key(a)).then_with(|| a.name.cmp(&b.name))
    });
    found
}

fn is_dominated(points: &[(f64, f64)], place: usize) -> bool {
    let (cost, quality) = points[place];
    points.iter().any(|(other_cost, other_quality)| {
        *other_cost <= cost
            && quality <= *other_quality
            && (*other_cost < cost || quality < *other_quality)
    })
}

/// A lot of the standard normal distribution (Box and Muller, 1958).
fn normal(bits: u64) -> f64 {
    let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (one, two) = (unit(mix(bits, 2)), unit(mix(bits, 3)));
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: &str, cost: f64, quality: f64, error: f64) -> Offer {
        Offer {
            name: name.to_owned(),
            cost: Measure { mean: cost, error: error / 10.0 },
            quality: Measure { mean: quality, error },
        }
    }

    #[test]
    fn the_dominated_are_off_the_frontier_and_the_unsure_are_between() {
        let offers = [
            offer("cheap", 0.001, 50.0, 0.1),
            offer("best", 0.1, 90.0, 0.1),
            offer("dominated", 0.2, 60.0, 0.1),
            offer("doubtful", 0.1, 89.0, 2.0),
        ];
        let found = worth(&offers, LAMBDA, 5);
        let of = |name: &str| found.iter().find(|it| it.name == name).expect("a row");
        assert!(0.99 < of("cheap").frontier && of("dominated").frontier < 0.01);
        assert!((0.1..0.9).contains(&of("doubtful").frontier), "{found:?}");
        assert_eq!(found[0].name, "best");
    }

    #[test]
    fn neither_currency_nor_length_changes_the_order() {
        let offers =
            [offer("a", 0.01, 70.0, 0.0), offer("b", 0.02, 76.0, 0.0), offer("c", 0.3, 80.0, 0.0)];
        let scaled: Vec<Offer> = offers
            .iter()
            .map(|it| Offer { cost: Measure { mean: it.cost.mean * 7.3, ..it.cost }, ..it.clone() })
            .collect();
        let names = |list: &[Offer]| -> Vec<String> {
            worth(list, LAMBDA, 1).into_iter().map(|it| it.name).collect()
        };
        assert_eq!(names(&offers), names(&scaled));
    }

    #[test]
    fn what_costs_nothing_has_no_value_and_a_place() {
        let found =
            worth(&[offer("free", 0.0, 10.0, 0.0), offer("paid", 1.0, 5.0, 0.0)], LAMBDA, 1);
        assert_eq!((found[1].name.as_str(), found[1].value), ("free", None));
        assert!(0.99 < found[1].frontier);
    }
}
