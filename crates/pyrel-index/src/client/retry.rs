//! When to try again: how often, after which pauses, and what `Retry-After` says. Sleeps nowhere.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
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
    /// How long after the first attempt another one may begin.
    pub total: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts with pauses of up to 1, 2, 4, and 8 seconds; `Retry-After` is obeyed up to a minute, and the last
    /// attempt begins within a quarter of an hour.
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_secs(1),
            max: Duration::from_mins(1),
            total: Duration::from_mins(15),
        }
    }
}

impl RetryPolicy {
    /// Returns the pause after the `failures`th failure (from 1): between half of it and all of it by chance, so that
    /// those who failed together do not come back together.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.base.saturating_mul(factor).min(self.max);
        whole / 2 + (whole / 2).mul_f64(chance())
    }

    /// Tells whether another attempt may begin after `failures` failures and a pause, so long after the first began.
    pub(super) fn goes_on(&self, failures: u32, pause: Duration, since: Duration) -> bool {
        failures < self.attempts && pause <= self.max && since + pause <= self.total
    }
}

/// Returns a number from 0 to 1. The keys of a hash map are random, and nothing here needs better ones.
fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
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
        let second = Duration::from_secs(1);
        let policy = RetryPolicy { attempts: 3, base: second, max: 5 * second, total: 9 * second };
        for (failures, whole) in [(1, 1), (2, 2), (3, 4), (4, 5), (80, 5)] {
            let pauses: Vec<Duration> = (0..100).map(|_| policy.pause(failures)).collect();
            assert!(pauses.iter().all(|pause| *pause >= whole * second / 2 && *pause <= whole * second));
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "by chance");
        }
        assert!(policy.goes_on(2, second, second) && !policy.goes_on(3, second, second), "attempts");
        assert!(!policy.goes_on(1, 6 * second, second), "a pause that is too long");
        assert!(!policy.goes_on(1, 5 * second, 5 * second), "too late");
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
