//! Quantiles of what cannot all be kept: counts in buckets that grow by a twenty-fifth.

/// Counts of values in buckets. Two can be added, which gives the sketch of all their values.
///
/// A quantile is off by at most two percent of itself (the idea of DDSketch, Masson and others,
/// 2019). Values are positive whole numbers in the unit of the caller; zero counts as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// The bucket and its count, by bucket, none empty.
    buckets: Vec<(u16, u64)>,
}

/// How much wider each bucket is than the one before.
const GROWTH: f64 = 1.04;

impl Sketch {
    /// Returns the sketch that has these buckets, in any order.
    pub fn of(buckets: Vec<(u16, u64)>) -> Sketch {
        let mut sketch = Sketch::default();
        for (bucket, count) in buckets.into_iter().filter(|it| it.1 != 0) {
            sketch.put(bucket, count);
        }
        sketch
    }

    /// Returns each bucket with its count, by bucket, none empty.
    pub fn buckets(&self) -> &[(u16, u64)] {
        &self.buckets
    }

    /// Takes a value.
    pub fn add(&mut self, value: u64) {
        self.put(bucket(value), 1);
    }

    /// Takes all values of another sketch.
    pub fn merge(&mut self, other: &Sketch) {
        for (bucket, count) in &other.buckets {
            self.put(*bucket, *count);
        }
    }

    /// Returns how many values it holds.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// Returns the value below which a share (0 to 1) of all values lies. `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.count().checked_sub(1)?;
        let wanted = (share.clamp(0.0, 1.0) * last as f64).round() as u64;
        let mut seen = 0;
        let place = self.buckets.iter().find(|(_, count)| {
            seen += count;
            wanted < seen
        });
        place.map(|(bucket, _)| middle(*bucket))
    }

    /// Returns it as bytes: pairs of variable-length numbers, the distance to the bucket before and
    /// the count.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.buckets.len() * 3);
        let mut before = 0;
        for (bucket, count) in &self.buckets {
            write(u64::from(bucket - before), &mut out);
            write(*count, &mut out);
            before = *bucket;
        }
        out
    }

    /// Reads what [`Sketch::to_bytes`] wrote. `None` where it is something else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Sketch> {
        let mut buckets: Vec<(u16, u64)> = Vec::new();
        let mut place: u16 = 0;
        while !bytes.is_empty() {
            let step = u16::try_from(read(&mut bytes)?).ok()?;
            if step == 0 && !buckets.is_empty() {
                return None;
            }
            place = place.checked_add(step)?;
            let count = read(&mut bytes)?;
            if count == 0 {
                return None;
            }
            buckets.push((place, count));
        }
        Some(Sketch { buckets })
    }

    fn put(&mut self, bucket: u16, count: u64) {
        match self.buckets.binary_search_by_key(&bucket, |(place, _)| *place) {
            Ok(index) => {
                let held = &mut self.buckets[index].1;
                *held = held.saturating_add(count);
            }
            Err(index) => self.buckets.insert(index, (bucket, count)),
        }
    }
}

fn bucket(value: u64) -> u16 {
    // The largest value has bucket 1131: it fits with room to spare.
    ((value.max(1) as f64).ln() / GROWTH.ln()).floor() as u16
}

fn middle(bucket: u16) -> f64 {
    let low = GROWTH.powi(i32::from(bucket));
    low * 2.0 * GROWTH / (1.0 + GROWTH)
}

fn write(mut number: u64, out: &mut Vec<u8>) {
    while 0x80 <= number {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_off_by_two_percent_at_most(
            mut values in prop::collection::vec(1_u64..10_000_000, 1..300),
            share in 0.0_f64..=1.0,
        ) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            values.sort_unstable();
            let place = (share * (values.len() - 1) as f64).round() as usize;
            let (found, exact) = (sketch.quantile(share).expect("a value"), values[place] as f64);
            prop_assert!((found - exact).abs() <= 0.0201 * exact, "{found} {exact}");
        }

        #[test]
        fn bytes_and_sums_lose_nothing(
            one in prop::collection::vec(0_u64..u64::MAX, 0..80),
            two in prop::collection::vec(0_u64..100_000, 0..80),
        ) {
            let of = |values: &[u64]| {
                let mut sketch = Sketch::default();
                values.iter().for_each(|value| sketch.add(*value));
                sketch
            };
            let mut merged = of(&one);
            merged.merge(&of(&two));
            let all: Vec<u64> = one.iter().chain(&two).copied().collect();
            prop_assert_eq!(&merged, &of(&all));
            prop_assert_eq!(Sketch::from_bytes(&merged.to_bytes()), Some(merged));
        }

        #[test]
        fn strange_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(sketch) = Sketch::from_bytes(&bytes) {
                prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
            }
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Sketch::default().quantile(0.5), None);
    }
}
