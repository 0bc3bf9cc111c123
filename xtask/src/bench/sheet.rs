//! The figures of all rounds, and what they come to.

use std::collections::BTreeMap;

use serde::Serialize;

/// Figures by what was measured and who was.
#[derive(Debug, Default)]
pub(crate) struct Sheet(BTreeMap<(String, &'static str), Vec<f64>>);

/// What the rounds say together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// As they came, a round each.
    pub(crate) rounds: Vec<f64>,
}

impl Sheet {
    /// Notes the figure of one round.
    pub(crate) fn note(&mut self, what: &str, who: &'static str, value: f64) {
        self.0.entry((what.to_owned(), who)).or_default().push(value);
    }

    /// What the rounds say together, if anything was noted.
    pub(crate) fn figure(&self, what: &str, who: &'static str) -> Option<Figure> {
        let rounds = self.0.get(&(what.to_owned(), who))?;
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Figure { median: quantile(&sorted, 0.5)?, min, max, rounds: rounds.clone() })
    }

    /// Everything, by what was measured and then by who was.
    pub(crate) fn figures(&self) -> BTreeMap<&str, BTreeMap<&'static str, Figure>> {
        let mut all: BTreeMap<&str, BTreeMap<&'static str, Figure>> = BTreeMap::new();
        for (what, who) in self.0.keys() {
            if let Some(figure) = self.figure(what, who) {
                all.entry(what).or_default().insert(who, figure);
            }
        }
        all
    }
}

/// The value below which the share `share` of sorted values lies, between two of them if need be.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (sorted.get(below)?, sorted.get(above)?);
    Some(low + (high - low) * (place - place.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_and_the_extremes_of_its_rounds() {
        let mut sheet = Sheet::default();
        for value in [5.0, 1.0, 2.0] {
            sheet.note("cpu", "nginx", value);
        }
        let figure = sheet.figure("cpu", "nginx").expect("it was noted");
        assert_eq!((figure.median, figure.min, figure.max), (2.0, 1.0, 5.0));
        assert_eq!(figure.rounds, [5.0, 1.0, 2.0]);
        assert_eq!(sheet.figure("cpu", "direct"), None);
        assert_eq!(sheet.figures()["cpu"].len(), 1);
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let values = [0.0, 10.0, 20.0, 30.0, 40.0];
        assert_eq!(quantile(&values, 0.5), Some(20.0));
        assert_eq!(quantile(&values, 0.99), Some(39.6));
        assert_eq!(quantile(&values, 1.0), Some(40.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
