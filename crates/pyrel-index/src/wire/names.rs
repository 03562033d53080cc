//! The root of the simple API: the names of all projects. There may be a million, so that none is kept which nobody asks
//! for.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Returns the first project of a root page in JSON that `wanted` accepts.
///
/// # Errors
/// When the page is no root page of the simple API.
pub(crate) fn find_name(
    body: &[u8],
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Option<String>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.deserialize_map(Root { wanted })
}

/// The page: an object, of which the key `projects` matters.
struct Root<'w> {
    wanted: &'w dyn Fn(&str) -> bool,
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the key `projects`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut is_root = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "projects" {
                is_root = true;
                found = map.next_value_seed(Projects { wanted: self.wanted })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if is_root { Ok(found) } else { Err(serde::de::Error::missing_field("projects")) }
    }
}

struct Projects<'w> {
    wanted: &'w dyn Fn(&str) -> bool,
}

impl<'de> DeserializeSeed<'de> for Projects<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

#[derive(Deserialize)]
struct Project {
    name: String,
}

impl<'de> Visitor<'de> for Projects<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of projects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(project) = list.next_element::<Project>()? {
            if found.is_none() && (self.wanted)(&project.name) {
                found = Some(project.name);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_name_and_keeps_no_other() {
        let page =
            br#"{"meta":{"api-version":"1.4"},"projects":[{"name":"a","_last-serial":1},{"name":"b"}]}"#;
        let find = |wanted: &str| find_name(page, &|name| name == wanted).unwrap();
        assert_eq!((find("b").as_deref(), find("c")), (Some("b"), None));
        for bad in [&b"{}"[..], b"[]", b"<html>", br#"{"projects":[1]}"#] {
            assert!(find_name(bad, &|_| true).is_err(), "{bad:?}");
        }
    }
}
