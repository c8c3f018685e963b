//! Moments for people. What the time is comes from [`crate::config::Environment::now`].

/// A moment in the user's time zone: `2026-01-02 03:04`.
pub fn local(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}
