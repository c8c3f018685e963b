//! Lengths of time as settings have them: `60s`, `5m`, `1h 30m`; whole seconds within bounds that make sense.
//!
//! jiff parses them. Not here: which setting has which length (`config`), or what happens when it is over.

use jiff::{SignedDuration, Span, SpanRelativeTo, Unit};
use std::fmt;
use std::str::FromStr;

/// The longest length of time that a setting can have: a day.
pub const LONGEST: u64 = 24 * 60 * 60;

/// A length of time from 1 s to 24 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(u64);

impl Seconds {
    /// The number of seconds.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// Whether and for how long the user is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmWithin {
    /// Nobody is asked: `0` or `none`.
    Never,
    /// What is not confirmed by then is put back.
    Within(Seconds),
}

impl ConfirmWithin {
    /// How many seconds the user has; `None` if nobody is asked.
    pub fn seconds(self) -> Option<u64> {
        match self {
            ConfirmWithin::Never => None,
            ConfirmWithin::Within(seconds) => Some(seconds.get()),
        }
    }
}

/// The longest age that a setting can have, in days: about a hundred years.
const OLDEST: i64 = 36_500;

/// An age from nothing to a hundred years, as `14d`, `2w` or `36h`; a day has 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(i64);

impl Age {
    /// In seconds.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

/// Why a text is no age.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadAge {
    /// It cannot be read as one. Months and years have no certain length.
    #[error("`{0}` is not an age such as `36h`, `14d` or `2w`")]
    Unreadable(String),
    /// It is one, but below zero or too long.
    #[error("`{0}` is not between 0 and 36500 days")]
    OutOfBounds(String),
}

impl FromStr for Age {
    type Err = BadAge;

    fn from_str(text: &str) -> Result<Age, BadAge> {
        let shown = || text.escape_debug().take(60).collect::<String>();
        let text = text.trim();
        if text == "0" {
            return Ok(Age(0));
        }
        let span: Span = text.parse().map_err(|_| BadAge::Unreadable(shown()))?;
        let days_are_24_hours = (Unit::Second, SpanRelativeTo::days_are_24_hours());
        let seconds =
            span.total(days_are_24_hours).map_err(|_| BadAge::Unreadable(shown()))?.floor();
        if !(0.0..=(OLDEST * 86_400) as f64).contains(&seconds) {
            return Err(BadAge::OutOfBounds(shown()));
        }
        Ok(Age(seconds as i64))
    }
}

/// Why a text is no length of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadDuration {
    /// It cannot be read as one.
    #[error("`{0}` is not a length of time such as `60s`, `5m` or `1h 30m`")]
    Unreadable(String),
    /// It is one, but not of whole seconds.
    #[error("`{0}` is not a whole number of seconds")]
    Fraction(String),
    /// It is one, but too short or too long.
    #[error("`{0}` is not between 1 s and 24 h")]
    OutOfBounds(String),
}

impl FromStr for Seconds {
    type Err = BadDuration;

    fn from_str(text: &str) -> Result<Seconds, BadDuration> {
        let shown = || text.escape_debug().take(60).collect::<String>();
        let parsed: SignedDuration =
            text.trim().parse().map_err(|_| BadDuration::Unreadable(shown()))?;
        if parsed.subsec_nanos() != 0 {
            return Err(BadDuration::Fraction(shown()));
        }
        match u64::try_from(parsed.as_secs()) {
            Ok(seconds @ 1..=LONGEST) => Ok(Seconds(seconds)),
            _ => Err(BadDuration::OutOfBounds(shown())),
        }
    }
}

impl FromStr for ConfirmWithin {
    type Err = BadDuration;

    fn from_str(text: &str) -> Result<ConfirmWithin, BadDuration> {
        match text.trim() {
            "none" | "0" | "0s" => Ok(ConfirmWithin::Never),
            other => other.parse().map(ConfirmWithin::Within),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_whole_seconds_within_a_day() {
        for (text, seconds) in
            [("1s", 1), ("60s", 60), ("5m", 300), ("1h 30m", 5400), ("24h", LONGEST), ("PT2M", 120)]
        {
            assert_eq!(text.parse::<Seconds>().map(Seconds::get), Ok(seconds), "{text}");
        }
        for (text, why) in [
            ("", "`` is not a length of time such as `60s`, `5m` or `1h 30m`"),
            ("60", "`60` is not a length of time such as `60s`, `5m` or `1h 30m`"),
            ("soon\n", "`soon\\n` is not a length of time such as `60s`, `5m` or `1h 30m`"),
            ("1.5s", "`1.5s` is not a whole number of seconds"),
            ("0s", "`0s` is not between 1 s and 24 h"),
            ("-5m", "`-5m` is not between 1 s and 24 h"),
            ("25h", "`25h` is not between 1 s and 24 h"),
        ] {
            assert_eq!(text.parse::<Seconds>().expect_err(text).to_string(), why);
        }
    }

    #[test]
    fn ages_are_days_and_weeks_too() {
        for (text, seconds) in [
            ("0", 0),
            ("0s", 0),
            ("90s", 90),
            ("36h", 129_600),
            ("14d", 1_209_600),
            ("2w", 1_209_600),
            ("1w 1d", 691_200),
            ("P1D", 86_400),
            ("36500d", 3_153_600_000),
        ] {
            assert_eq!(text.parse::<Age>().map(Age::seconds), Ok(seconds), "{text}");
        }
        for (text, why) in [
            ("", "`` is not an age such as `36h`, `14d` or `2w`"),
            ("14", "`14` is not an age such as `36h`, `14d` or `2w`"),
            ("1mo", "`1mo` is not an age such as `36h`, `14d` or `2w`"),
            ("for ever", "`for ever` is not an age such as `36h`, `14d` or `2w`"),
            ("-1d", "`-1d` is not between 0 and 36500 days"),
            ("36501d", "`36501d` is not between 0 and 36500 days"),
        ] {
            assert_eq!(text.parse::<Age>().expect_err(text).to_string(), why);
        }
    }

    #[test]
    fn nobody_is_asked_where_the_user_says_so() {
        for text in ["none", "0", "0s"] {
            assert_eq!(text.parse(), Ok(ConfirmWithin::Never), "{text}");
        }
        assert_eq!("90s".parse::<ConfirmWithin>().map(ConfirmWithin::seconds), Ok(Some(90)));
        assert!("never".parse::<ConfirmWithin>().is_err());
    }
}
