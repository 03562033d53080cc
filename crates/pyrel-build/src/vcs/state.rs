//! What a checkout, or what is left of one, says about a version.

use pyrel_model::Version;

use crate::writer::civil;

/// A day of the calendar, in UTC: year, month, day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) u64, pub(crate) u64, pub(crate) u64);

impl Date {
    /// Returns the day of a time in seconds since 1970.
    pub(crate) fn of(seconds: u64) -> Self {
        let (year, month, day) = civil(seconds / 86_400);
        Self(year, month, day)
    }

    /// Prints it as `20240102`.
    pub(crate) fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.0, self.1, self.2)
    }

    /// Prints it as `2024-01-02`.
    pub(super) fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.0, self.1, self.2)
    }

    /// Reads `2024-01-02`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text
            .split('-')
            .map(|part| part.parse::<u64>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit())));
        let date = Self(parts.next()??, parts.next()??, parts.next()??);
        (parts.next().is_none() && date.iso() == text && date.exists()).then_some(date)
    }

    /// Tells whether the calendar has the day.
    pub(super) fn exists(self) -> bool {
        let Self(year, month, day) = self;
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => 0,
        };
        (1..=days).contains(&day)
    }
}

/// What is known about a version before a scheme makes one of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// The version of the last tag.
    pub(super) tag: Version,
    /// The spelling that is the version already, whatever the schemes are.
    pub(super) preformatted: Option<String>,
    /// The number of commits since the tag.
    pub(super) distance: u64,
    /// The commit: `g` and its hash.
    pub(super) node: Option<String>,
    /// Whether tracked files differ from the commit.
    pub(super) dirty: bool,
    pub(super) branch: Option<String>,
    /// The day of the commit.
    pub(super) node_date: Option<Date>,
}

impl State {
    /// Knows a tag, and nothing besides.
    pub(super) fn of_tag(tag: Version) -> Self {
        Self { tag, preformatted: None, distance: 0, node: None, dirty: false, branch: None, node_date: None }
    }

    /// Knows a version that no scheme touches.
    pub(super) fn preformatted(text: &str) -> Option<Self> {
        let tag = text.parse().ok()?;
        Some(Self { preformatted: Some(text.to_owned()), ..Self::of_tag(tag) })
    }

    /// Tells whether the checkout is that of the tag itself.
    pub(super) fn is_exact(&self) -> bool {
        self.distance == 0 && !self.dirty
    }

    /// Returns the commit as versions and files show it.
    pub(super) fn short_node(&self) -> Option<String> {
        self.node.as_ref().map(|node| node.chars().take(10).collect())
    }

    /// Returns the text of `scm_version.json`; a preformatted version has none.
    pub(super) fn record(&self) -> Option<String> {
        if self.preformatted.is_some() {
            return None;
        }
        let quoted = |text: &Option<String>| serde_json::Value::from(text.clone()).to_string();
        Some(format!(
            "{{\n  \"tag\": {},\n  \"distance\": {},\n  \"node\": {},\n  \"dirty\": {},\n  \"branch\": {},\n  \"node_date\": {}\n}}\n",
            quoted(&Some(self.tag.to_string())),
            self.distance,
            quoted(&self.node),
            self.dirty,
            quoted(&self.branch),
            quoted(&self.node_date.map(Date::iso)),
        ))
    }

    /// Reads the text of `scm_version.json`; `None` for one that has anything unusual.
    pub(super) fn of_record(text: &str) -> Option<Self> {
        let document: serde_json::Value = serde_json::from_str(text).ok()?;
        let optional = |key: &str| match document.get(key) {
            None | Some(serde_json::Value::Null) => Some(None),
            Some(value) => value.as_str().map(|text| Some(text.to_owned())),
        };
        let node_date = match optional("node_date")? {
            None => None,
            Some(text) => Some(Date::parse(&text)?),
        };
        Some(Self {
            tag: document.get("tag")?.as_str()?.parse().ok()?,
            preformatted: None,
            distance: document.get("distance")?.as_u64()?,
            node: optional("node")?,
            dirty: document.get("dirty")?.as_bool()?,
            branch: optional("branch")?,
            node_date,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let state = State {
            distance: 3,
            node: Some("g0123456789abcdef".to_owned()),
            dirty: true,
            branch: Some("a/\"b\"".to_owned()),
            node_date: Some(Date(2024, 2, 29)),
            ..State::of_tag("1.0rc1".parse().unwrap())
        };
        let text = state.record().unwrap();
        assert!(text.starts_with("{\n  \"tag\": \"1.0rc1\",\n  \"distance\": 3,\n"), "{text}");
        assert_eq!(State::of_record(&text), Some(state.clone()));
        assert_eq!(state.short_node().as_deref(), Some("g012345678"));
        for odd in [
            "{}",
            "{\"tag\": \"x\"}",
            "[]",
            &text.replace("true", "1"),
            &text.replace("2024-02-29", "2023-02-29"),
        ] {
            assert_eq!(State::of_record(odd), None, "{odd}");
        }
    }

    #[test]
    fn days_of_the_calendar() {
        assert_eq!(Date::of(1_709_164_800), Date(2024, 2, 29));
        assert_eq!(Date(2024, 2, 29).compact(), "20240229");
        assert!(!Date(2023, 2, 29).exists() && !Date(2023, 13, 1).exists() && Date(2023, 12, 31).exists());
        assert_eq!(Date::parse("2024-1-2"), None);
    }
}
