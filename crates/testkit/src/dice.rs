//! Random choices that can be made again.

/// Numbers that look random and are the same for the same seed (xorshift).
#[derive(Debug)]
pub struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// By `STUDIO_TEST_SEED`, or else by the clock; the seed is said, so that a failure can be played again.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "the seed is for people")]
    pub fn new() -> Dice {
        let seed = std::env::var("STUDIO_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.expect("after 1970").as_micros() as u64
        });
        eprintln!("STUDIO_TEST_SEED={seed}");
        Dice { seed, state: seed | 1 }
    }

    /// What plays the same choices again.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number from 0 on, below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    /// One of them.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len() as u64);
        all[usize::try_from(at).expect("small")]
    }
}

impl Default for Dice {
    fn default() -> Self {
        Self::new()
    }
}
