//! The form of an upload as PyPI sees it: what its first look makes of the fields before any of them is judged. Keeps
//! the one judgement that is costly, for all rules that ask for it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use pyrel_model::metadata::Field;
use pyrel_readme::{Judgement, judge};

use crate::reading::Reading;
use crate::upload_form;

/// The fields of a form by their names, each with its values in the order sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ServerForm {
    fields: BTreeMap<&'static str, Vec<String>>,
    judgement: OnceCell<Judgement>,
}

impl ServerForm {
    /// Makes the form that a file would be sent with; `None` when nothing is known of its metadata.
    pub(crate) fn of(reading: &Reading) -> Option<Self> {
        let (kind, metadata) = (reading.kind?, reading.core_metadata()?);
        let mut fields: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (name, value) in upload_form::fields(reading, kind, metadata) {
            fields.entry(name).or_default().push(value);
        }
        fields.retain(|_, values| sanitize(values));
        Some(Self { fields, judgement: OnceCell::new() })
    }

    /// Makes a form of fields, for the tests of the rules about them.
    #[cfg(test)]
    pub(crate) fn from_fields(fields: &[(&'static str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (*name, vec![(*value).to_owned()])).collect();
        Self { fields, judgement: OnceCell::new() }
    }

    /// Returns the last value of a form field, absent when it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.fields.get(name)?.last()?;
        (!value.is_empty()).then_some(value)
    }

    /// Returns the value of a metadata field by its header.
    pub(crate) fn field(&self, header: &str) -> Option<&str> {
        self.get(Field::by_header(header)?.form)
    }

    /// Returns what is known of the description, by its content type; it is judged once.
    pub(crate) fn judgement(&self) -> Option<&Judgement> {
        let text = self.field("Description")?;
        Some(self.judgement.get_or_init(|| judge(self.field("Description-Content-Type"), text)))
    }

    /// Returns all values of a metadata field by its header.
    pub(crate) fn values(&self, header: &str) -> &[String] {
        Field::by_header(header).and_then(|field| self.fields.get(field.form)).map_or(&[], Vec::as_slice)
    }
}

/// Does to the values of one field what the server does before it reads them; false when it drops the field.
fn sanitize(values: &mut Vec<String>) -> bool {
    let Some(last) = values.last() else { return false };
    if last.trim() == "UNKNOWN" {
        return false;
    }
    if last.contains('\0') {
        *values = vec![last.replace('\0', "\\x00")];
    }
    !(values.len() == 1 && values[0].is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(values: &[&str]) -> Option<Vec<String>> {
        let mut values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        sanitize(&mut values).then_some(values)
    }

    #[test]
    fn what_the_server_drops_and_replaces() {
        assert_eq!(after(&["a", "b"]), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(after(&["a", " UNKNOWN\n"]), None, "the last value decides");
        assert!(after(&["UNKNOWN", "a"]).is_some());
        assert_eq!(after(&["a", "b\0c"]), Some(vec!["b\\x00c".to_owned()]));
        assert_eq!(after(&[""]), None);
    }
}
