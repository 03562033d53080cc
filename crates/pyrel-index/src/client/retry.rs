//! When to try again: how often, after which pauses, and what `Retry-After` says. Sleeps nowhere.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

/// How patient a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent in all, at least once.
    pub attempts: u32,
    /// The pause after the first failure; it doubles each time.
    pub base: Duration,
    /// The longest pause. An index that asks for a longer one (`Retry-After`) is not asked again.
    pub max: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts with pauses of 1, 2, 4, and 8 seconds; `Retry-After` is obeyed up to a minute.
    fn default() -> Self {
        Self { attempts: 5, base: Duration::from_secs(1), max: Duration::from_mins(1) }
    }
}

impl RetryPolicy {
    /// Returns the pause after the `failures`th failure (from 1).
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.max)
    }

    /// Tells whether another attempt is left after `failures` failures.
    pub(super) fn goes_on(&self, failures: u32) -> bool {
        failures < self.attempts
    }
}

/// Tells whether a status is worth another try.
pub(super) fn is_transient(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// Returns how long the index asks to stay away: `Retry-After` in seconds, or as a date, which is measured
/// against the answer's own `Date`.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).map(HeaderValue::to_str).and_then(Result::ok).map(str::trim);
    let wanted = text(RETRY_AFTER)?;
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(wanted).ok()?.timestamp();
    let now = jiff::fmt::rfc2822::parse(text(DATE)?).ok()?.timestamp();
    Some(Duration::from_secs(u64::try_from(until.as_second() - now.as_second()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit() {
        let policy = RetryPolicy { attempts: 3, base: Duration::from_secs(1), max: Duration::from_secs(5) };
        let pauses: Vec<u64> = [1, 2, 3, 4, 80].iter().map(|n| policy.pause(*n).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        assert!(policy.goes_on(2) && !policy.goes_on(3));
    }

    #[test]
    fn retry_after_in_both_forms() {
        let of = |after: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
            headers.extend(date.map(|date| (DATE, HeaderValue::from_static(date))));
            retry_after(&headers)
        };
        let date = Some("Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(of("7", None), Some(Duration::from_secs(7)));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:30 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(of("Wed, 21 Oct 2015 07:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:30 GMT", None), None);
        assert_eq!(of("soon", date), None);
    }
}
