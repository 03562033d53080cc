//! Faults that a rehearsal or a test asks for: failing answers, slow answers, files that show late. The same seed
//! fails the same requests, counted in the order in which they arrive. Knows nothing of what was asked.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::Next;

use super::legacy::drain;
use super::refusal::Refusal;
use super::router::App;

/// The longest delay that is taken for meant.
const LONGEST: Duration = Duration::from_secs(3600);

/// A share of all requests that is answered with a status and has no effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureShare {
    status: StatusCode,
    share: f64,
}

/// What goes wrong on purpose; by default nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    failures: Vec<FailureShare>,
    latency: Duration,
    lag: Duration,
    seed: u64,
}

/// Why faults cannot be had as they were asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// Not `STATUS:SHARE`.
    #[error("a failure is written `STATUS:SHARE`, such as `503:0.1`: `{0}`")]
    Form(String),
    /// A status that is no failure.
    #[error("a failure has a status from 400 to 599: `{0}`")]
    Status(String),
    /// A share that is none.
    #[error("a share is more than 0 and at most 1: `{0}`")]
    Share(String),
    /// More failures than requests.
    #[error("the shares of all failures are more than 1 together: {0}")]
    Sum(f64),
    /// Not a number with a unit.
    #[error("a delay is a whole number with `ms`, `s` or `m`, and at most an hour: `{0}`")]
    Delay(String),
}

impl FromStr for FailureShare {
    type Err = FaultError;

    /// Reads `STATUS:SHARE`.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (status, share) = text.split_once(':').ok_or_else(|| FaultError::Form(text.to_owned()))?;
        let code = status.parse::<u16>().ok().filter(|code| (400..600).contains(code));
        let status = code
            .and_then(|code| StatusCode::from_u16(code).ok())
            .ok_or_else(|| FaultError::Status(status.to_owned()))?;
        let number = share.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= 1.0);
        Ok(Self { status, share: number.ok_or_else(|| FaultError::Share(share.to_owned()))? })
    }
}

impl Faults {
    /// Takes failures, the delay of every answer, the time after which an accepted file shows in the simple API,
    /// and the number that decides which requests fail.
    ///
    /// # Errors
    /// When the shares are more than 1 together.
    pub fn new(
        failures: Vec<FailureShare>,
        latency: Duration,
        lag: Duration,
        seed: u64,
    ) -> Result<Self, FaultError> {
        let sum: f64 = failures.iter().map(|failure| failure.share).sum();
        // Ten tenths are a little more than one.
        if sum > 1.000_001 { Err(FaultError::Sum(sum)) } else { Ok(Self { failures, latency, lag, seed }) }
    }

    /// Reads a delay: `50ms`, `5s`, `2m`.
    ///
    /// # Errors
    /// When it is no such text, or more than an hour.
    pub fn delay(text: &str) -> Result<Duration, FaultError> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let factor = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            _ => None,
        };
        factor
            .zip(number.parse::<u64>().ok())
            .and_then(|(factor, number)| number.checked_mul(factor))
            .map(Duration::from_millis)
            .filter(|delay| *delay <= LONGEST)
            .ok_or_else(|| FaultError::Delay(text.to_owned()))
    }

    /// Returns the time after which an accepted file shows.
    pub(super) fn lag(&self) -> Duration {
        self.lag
    }

    /// Returns how the request of this number fails, if it does.
    fn failure_of(&self, number: u64) -> Option<StatusCode> {
        let mut point = unit_interval(self.seed, number);
        self.failures.iter().find_map(|failure| {
            let hit = point < failure.share;
            point -= failure.share;
            hit.then_some(failure.status)
        })
    }
}

/// Returns a number from 0 to below 1 that a seed and a count decide: the finaliser of SplitMix64.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds exactly")]
fn unit_interval(seed: u64, number: u64) -> f64 {
    let mut mixed = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// Faults and the number of the next request.
#[derive(Debug)]
pub(super) struct FaultGate {
    faults: Faults,
    next: AtomicU64,
}

impl FaultGate {
    /// Starts to count at 0.
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults, next: AtomicU64::new(0) }
    }
}

/// Delays a request, and lets it fail when it is its turn. What fails so reaches nothing behind.
pub(super) async fn meddle(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let gate = &app.faults;
    if gate.faults == Faults::default() {
        return next.run(request).await;
    }
    let number = gate.next.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(gate.faults.latency).await;
    let Some(status) = gate.faults.failure_of(number) else { return next.run(request).await };
    let headers = request.headers().clone();
    drain(request.into_body()).await;
    Refusal { status, message: "This failure was asked for with --fail.".to_owned() }.respond(&headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        let said = |text: &str| text.parse::<FailureShare>().unwrap_err().to_string();
        assert!(said("503").contains("STATUS:SHARE"));
        for bad in ["200:0.1", "600:0.1", "x:0.1", ":0.1"] {
            assert!(said(bad).contains("from 400 to 599"), "{bad}");
        }
        for bad in ["503:0", "503:1.1", "503:-1", "503:NaN", "503:inf", "503:"] {
            assert!(said(bad).contains("more than 0 and at most 1"), "{bad}");
        }
        for bad in ["", "5", "s", "-1s", "1h", "1.5s", "61m", "99999999999999999999s"] {
            assert!(Faults::delay(bad).is_err(), "{bad}");
        }
        assert_eq!(Faults::delay("50ms").unwrap(), Duration::from_millis(50));
        assert_eq!(Faults::delay("2m").unwrap(), Duration::from_secs(120));
    }

    fn faults(shares: &[&str], seed: u64) -> Result<Faults, FaultError> {
        let failures = shares.iter().map(|text| text.parse().unwrap()).collect();
        Faults::new(failures, Duration::ZERO, Duration::ZERO, seed)
    }

    #[test]
    fn shares_are_met_and_a_seed_repeats_itself() {
        let run = |seed| {
            let faults = faults(&["503:0.1", "429:0.2"], seed).unwrap();
            (0..10_000).map(|number| faults.failure_of(number)).collect::<Vec<_>>()
        };
        let (first, again, other) = (run(7), run(7), run(8));
        assert_eq!(first, again);
        assert_ne!(first, other);
        let count = |status| first.iter().filter(|found| **found == Some(status)).count();
        let (unavailable, throttled) =
            (count(StatusCode::SERVICE_UNAVAILABLE), count(StatusCode::TOO_MANY_REQUESTS));
        assert!((900..1_100).contains(&unavailable), "{unavailable}");
        assert!((1_850..2_150).contains(&throttled), "{throttled}");
    }

    #[test]
    fn shares_have_to_fit() {
        assert_eq!(faults(&["503:0.6", "500:0.5"], 0).unwrap_err(), FaultError::Sum(1.1));
        let all = faults(&["503:1"], 3).unwrap();
        assert!((0..1_000).all(|number| all.failure_of(number).is_some()));
        assert!(faults(&["500:0.1"; 10], 0).is_ok());
    }
}
