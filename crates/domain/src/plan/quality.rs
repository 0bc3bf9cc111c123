//! Which endpoints of a model do worse than their peers, for requests that call tools.

use crate::health::EndpointHealth;

/// How well an endpoint does among its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quality {
    /// As well as the others.
    Good,
    /// Nothing is known.
    Unknown,
    /// Much worse.
    Poor,
}

/// Peers with samples below which nobody is compared (OpenRouter's documentation).
const PEERS_MIN: usize = 4;
/// Deviations below the median from which on an endpoint is poor (OpenRouter's documentation).
const DEVIATIONS: f64 = 1.5;
/// What the median absolute deviation of a normal distribution is of its standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The throughput below which an endpoint is poor, where enough of its peers are known.
pub(super) struct Bar(Option<f64>);

impl Bar {
    /// Takes the throughput of peers, in tokens a second.
    pub(super) fn of(peers: impl Iterator<Item = EndpointHealth>) -> Bar {
        let mut rates: Vec<f64> =
            peers.filter_map(|peer| peer.throughput).map(|it| f64::from(it.p50)).collect();
        if rates.len() < PEERS_MIN {
            return Bar(None);
        }
        let middle = median(&mut rates);
        let mut off: Vec<f64> = rates.iter().map(|rate| (rate - middle).abs()).collect();
        let sigma = median(&mut off) * MAD_TO_SIGMA;
        Bar(Some(middle - DEVIATIONS * sigma))
    }

    /// Returns how well an endpoint does.
    pub(super) fn quality(&self, health: &EndpointHealth) -> Quality {
        let rate = health.throughput.map(|it| f64::from(it.p50));
        let is_slow = self.0.zip(rate).is_some_and(|(bar, rate)| rate < bar);
        match rate {
            _ if health.is_demoted || is_slow => Quality::Poor,
            None => Quality::Unknown,
            Some(_) => Quality::Good,
        }
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 {
        numbers[middle]
    } else {
        f64::midpoint(numbers[middle - 1], numbers[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Percentiles;

    fn at(tokens_per_second: u32) -> EndpointHealth {
        let p50 = tokens_per_second;
        let throughput = Some(Percentiles { p50, ..Percentiles::default() });
        EndpointHealth { throughput, ..EndpointHealth::default() }
    }

    #[test]
    fn the_one_far_below_its_peers_is_poor() {
        let peers = [50, 52, 55, 60, 5].map(at);
        let bar = Bar::of(peers.into_iter());
        let found = peers.map(|peer| bar.quality(&peer));
        assert_eq!(found[..4], [Quality::Good; 4]);
        assert_eq!(found[4], Quality::Poor);
    }

    #[test]
    fn few_peers_are_not_compared() {
        let bar = Bar::of([50, 52, 5].map(at).into_iter());
        assert_eq!(bar.quality(&at(5)), Quality::Good);
        assert_eq!(bar.quality(&EndpointHealth::default()), Quality::Unknown);
    }
}
