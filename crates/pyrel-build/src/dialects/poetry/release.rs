//! Versions as poetry-core counts with them: comparable, and printed with as many numbers as were written.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

/// A version without epoch and local part.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) release: Vec<u64>,
    /// Phase (`a`, `b`, `rc`) and number.
    pre: Option<(String, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
}

impl Point {
    pub(super) fn new(release: Vec<u64>) -> Self {
        Self { release, pre: None, post: None, dev: None }
    }

    /// Reads a version in normal form, perhaps behind a `v`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        static NORMAL: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"^v?((?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8}))*)(?:(a|b|rc)(\d{1,6}))?(?:\.post(\d{1,6}))?(?:\.dev(\d{1,6}))?$",
            )
            .expect("a constant expression")
        });
        let found = NORMAL.captures(text)?;
        let number = |at: usize| found.get(at).map(|number| number.as_str().parse::<u64>());
        let release: Result<Vec<u64>, _> = found[1].split('.').map(str::parse).collect();
        let pre = match (found.get(2), number(3).transpose().ok()?) {
            (Some(phase), Some(number)) => Some((phase.as_str().to_owned(), number)),
            _ => None,
        };
        Some(Self {
            release: release.ok()?,
            pre,
            post: number(4).transpose().ok()?,
            dev: number(5).transpose().ok()?,
        })
    }

    pub(super) fn is_pre(&self) -> bool {
        self.pre.is_some()
    }

    pub(super) fn is_post(&self) -> bool {
        self.post.is_some()
    }

    /// Tells whether this is the first development release of something.
    pub(super) fn is_first_dev(&self) -> bool {
        self.dev == Some(0)
    }

    pub(super) fn is_dev(&self) -> bool {
        self.dev.is_some()
    }

    pub(super) fn is_unstable(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    pub(super) fn first_dev(&self) -> Self {
        Self { dev: Some(0), ..self.clone() }
    }

    pub(super) fn without_dev(&self) -> Self {
        Self { dev: None, ..self.clone() }
    }

    pub(super) fn without_post(&self) -> Self {
        if self.is_post() { Self { post: None, dev: None, ..self.clone() } } else { self.clone() }
    }

    /// Returns the release that an unstable version leads to.
    pub(super) fn stable(&self) -> Self {
        if self.is_unstable() {
            Self {
                release: self.release.clone(),
                pre: None,
                post: self.post.filter(|_| self.pre.is_none()),
                dev: None,
            }
        } else {
            self.clone()
        }
    }

    /// Returns the release with one number raised and all behind it zero.
    pub(super) fn raised(&self, at: usize) -> Self {
        let mut release = self.release.clone();
        release.resize(release.len().max(at + 1), 0);
        release[at] += 1;
        release[at + 1..].fill(0);
        Self::new(release)
    }

    /// Tells whether the post-release of another version is the one after this one's.
    pub(super) fn precedes_post(&self, other: &Self) -> bool {
        self.post.map(|post| post + 1) == other.post
    }

    fn key(&self) -> Key<'_> {
        let mut release = self.release.clone();
        while release.last() == Some(&0) {
            release.pop();
        }
        let pre = match &self.pre {
            Some((phase, number)) => (1, phase.as_str(), *number),
            None if self.post.is_none() && self.dev.is_some() => (0, "", 0),
            None => (2, "", 0),
        };
        let post = self.post.map_or((0, 0), |post| (1, post));
        (release, pre, post, self.dev.map_or((1, 0), |dev| (0, dev)))
    }
}

/// What versions are compared by: release, pre-release, post-release, development release.
type Key<'a> = (Vec<u64>, (u8, &'a str, u64), (u8, u64), (u8, u64));

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Point {}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<String> = self.release.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))?;
        if let Some((phase, number)) = &self.pre {
            write!(f, "{phase}{number}")?;
        }
        if let Some(post) = self.post {
            write!(f, ".post{post}")?;
        }
        if let Some(dev) = self.dev {
            write!(f, ".dev{dev}")?;
        }
        Ok(())
    }
}
