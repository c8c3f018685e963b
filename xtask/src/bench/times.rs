//! Times of things that are done several times, in turn with what they are compared with, so that
//! what else the machine does at the moment meets all of them.

use crate::error::Result;
use crate::example::Place;
use crate::run;
use std::time::Instant;

/// How long each run of one thing took, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// One more run.
    pub fn add(&mut self, milliseconds: f64) {
        self.0.push(milliseconds);
    }

    /// Half of all runs took less.
    pub fn median(&self) -> f64 {
        median(&self.0)
    }

    /// No run took less.
    pub fn minimum(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How much more than `other` this took: the median of run by run.
    pub fn over(&self, other: &Times) -> f64 {
        median(&self.0.iter().zip(&other.0).map(|(own, other)| own - other).collect::<Vec<_>>())
    }

    /// What is left of each run without what `part` of it took.
    pub fn without(&self, part: &Times) -> Times {
        Times(self.0.iter().zip(&part.0).map(|(own, part)| own - part).collect())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

/// Runs a shell line; gives what it wrote to stdout, and the milliseconds.
pub fn shell(place: &Place, line: &str) -> Result<(String, f64)> {
    let expression = place.command("sh", &["-euc", line]);
    let start = Instant::now();
    let said = run::read(&expression, line)?;
    Ok((said, start.elapsed().as_secs_f64() * 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_disturbed_does_not_count() {
        let times = |values: &[f64]| Times(values.to_vec());
        assert_eq!(times(&[3.0, 1.0, 90.0]).median(), 3.0);
        assert_eq!(times(&[4.0, 2.0]).median(), 3.0);
        assert_eq!(times(&[4.0, 2.0, 90.0]).minimum(), 2.0);
        assert_eq!(times(&[5.0, 55.0, 6.0]).over(&times(&[1.0, 50.0, 3.0])), 4.0);
    }
}
