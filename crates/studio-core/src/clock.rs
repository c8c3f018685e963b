//! Moments for people. What the time is comes from [`crate::config::Environment::now`].

/// For how many milliseconds the machine has been running, sleep included: a clock that nobody sets.
pub fn milliseconds_since_start() -> u64 {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    now.tv_sec.unsigned_abs() * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000
}

/// A moment in the user's time zone: `2026-01-02 03:04`.
pub fn local(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The day of a moment, in UTC as git's hosts show it to everybody: `2026-01-02`.
pub fn date(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}
