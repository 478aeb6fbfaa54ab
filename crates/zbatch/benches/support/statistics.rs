//! The median, and between which values it lies with 95 % certainty: order statistics, which ask nothing of the distribution.

/// A median and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

/// Of fewer than six values, none of which says much, the interval is all of them.
pub fn interval(values: &[f64]) -> Interval {
    let sorted = sorted(values);
    let out = outside(sorted.len());
    Interval { low: sorted[out], median: median(values), high: sorted[sorted.len() - 1 - out] }
}

/// The medians of the ratios of pairs.
pub fn paired(above: &[f64], below: &[f64]) -> Interval {
    let ratios: Vec<f64> = above.iter().zip(below).map(|(above, below)| above / below).collect();
    interval(&ratios)
}

/// How many of `count` sorted values at each end lie outside of the interval: the most such that the median lies beyond them
/// with at most 5 %, when each value is as likely above the true median as below it.
fn outside(count: usize) -> usize {
    let exponent = i32::try_from(count).expect("a count of turns");
    // The chance that exactly k values lie below: the binomial coefficient over 2^count.
    let mut chance = 0.5f64.powi(exponent);
    let mut tail = chance;
    let mut k = 0;
    while 2.0 * tail <= 0.05 {
        chance *= (count - k) as f64 / (k + 1) as f64;
        tail += chance;
        k += 1;
    }
    k.saturating_sub(1)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    assert!(!values.is_empty());
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::super::data::Random;
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
    }

    #[test]
    fn the_ranks_are_those_of_the_tables() {
        // The interval of n values goes from the rank to the one as far from the end (ranks from 1, as tables have them).
        for (count, rank) in [(6, 1), (8, 1), (9, 2), (11, 2), (15, 4), (20, 6), (31, 10), (50, 18), (100, 40)] {
            assert_eq!(outside(count) + 1, rank, "{count}");
        }
        let values: Vec<f64> = (1..=31).map(f64::from).collect();
        assert_eq!(interval(&values), Interval { low: 10.0, median: 16.0, high: 22.0 });
        assert_eq!(interval(&[2.0, 1.0, 3.0]), Interval { low: 1.0, median: 2.0, high: 3.0 });
    }

    #[test]
    fn the_true_median_lies_inside_as_often_as_promised() {
        let mut random = Random::new(5);
        let rounds = 4000;
        let inside = (0..rounds)
            .filter(|_| {
                // Lopsided, as times are; the true median is 1.
                let values: Vec<f64> = (0..21).map(|_| random.normal().exp()).collect();
                let Interval { low, high, .. } = interval(&values);
                low <= 1.0 && 1.0 <= high
            })
            .count();
        let share = inside as f64 / f64::from(rounds);
        assert!((0.94..0.99).contains(&share), "{share}");
    }

    #[test]
    fn ratios_are_of_pairs() {
        // The machine got slower by the turn, both sides with it.
        let ratio = paired(&[2.0, 20.0, 200.0], &[1.0, 10.0, 100.0]);
        assert_eq!(ratio, Interval { low: 2.0, median: 2.0, high: 2.0 });
    }
}
