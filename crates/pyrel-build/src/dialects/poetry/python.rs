//! Which versions of Python a project supports, and what follows from it: tag, classifiers, `Requires-Python`.

use pyrel_model::Version;
use pyrel_model::pyproject::TableReader;
use pyrel_model::tag::TagSet;

use super::super::Subject;
use super::constraint::{Constraint, Order, Range};
use crate::detector::option;
use crate::error::Plan;

const CLASSIFIER: &str = "Programming Language :: Python";
/// The versions that get a classifier, in order.
const VERSIONS: [&str; 15] = [
    "2", "2.7", "3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15",
];

/// What a project says about Python.
pub(super) struct Python {
    /// The value of `Requires-Python`.
    pub(super) requires: Option<String>,
    /// The constraint that counts; without one, 2.7 and everything from 3.4 on.
    constraint: Option<(Constraint, Range)>,
}

impl Python {
    pub(super) fn read(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Self> {
        let stated = match subject.pyproject.project() {
            Some(_) => subject.project_table().string("requires-python")?,
            None => None,
        };
        let stated = match stated {
            None => None,
            Some(text) => {
                let odd = || {
                    option(&subject.project_table(), "requires-python", "has a form that is not reproduced")
                };
                let constraint =
                    Constraint::parse(text).filter(|constraint| !constraint.is_any()).ok_or_else(odd)?;
                let (range, _) = constraint.python_range().ok_or_else(odd)?;
                Some((text, constraint, range))
            }
        };
        let own = match poetry.subtable("dependencies")? {
            Some(table) => {
                of_poetry(&subject.pyproject.reader("tool.poetry.dependencies", table), stated.is_some())?
            }
            None => None,
        };
        match (stated, own) {
            (None, None) => Ok(Self { requires: None, constraint: None }),
            (None, Some((printed, constraint, range))) => {
                Ok(Self { requires: Some(printed), constraint: Some((constraint, range)) })
            }
            (Some((text, constraint, range)), None) => {
                Ok(Self { requires: Some(text.to_owned()), constraint: Some((constraint, range)) })
            }
            (Some((text, _, outer)), Some((_, constraint, range))) => {
                let low = range.low.as_ref().map(|bound| &bound.version);
                let high = range.high.as_ref().map(|bound| &bound.version);
                let wider_low =
                    outer.low.as_ref().is_none_or(|bound| low.is_some_and(|low| bound.version <= *low));
                let wider_high =
                    outer.high.as_ref().is_none_or(|bound| high.is_some_and(|high| *high <= bound.version));
                let exact = [&outer.low, &range.low].into_iter().flatten().all(|bound| bound.is_inclusive)
                    && [&outer.high, &range.high].into_iter().flatten().all(|bound| !bound.is_inclusive);
                if !wider_low || !wider_high || !exact || text.contains('!') {
                    let reason = "may be no part of `project.requires-python`, which poetry-core refuses";
                    let table = subject.pyproject.tool(&["poetry", "dependencies"]);
                    let table = table.expect("the table that the constraint was read from");
                    return Err(option(
                        &subject.pyproject.reader("tool.poetry.dependencies", table),
                        "python",
                        reason,
                    ));
                }
                Ok(Self { requires: Some(text.to_owned()), constraint: Some((constraint, range)) })
            }
        }
    }

    /// `py3`, and `py2` before it when some version of Python 2 is supported.
    pub(super) fn tags(&self) -> TagSet {
        let text = if self.allows("2") { "py2.py3-none-any" } else { "py3-none-any" };
        text.parse().expect("a constant tag")
    }

    /// Returns a classifier for each supported version, in order.
    pub(super) fn classifiers(&self) -> Vec<String> {
        let supported = VERSIONS.into_iter().filter(|version| self.allows(version));
        supported.map(|version| format!("{CLASSIFIER} :: {version}")).collect()
    }

    /// Tells whether a minor version, or any of a major version, is supported.
    fn allows(&self, text: &str) -> bool {
        let version = |text: &str| text.parse::<Version>().expect("a constant version");
        let Some((constraint, range)) = &self.constraint else { return true };
        match text {
            "2" => range.overlaps(&version("2"), &version("3")),
            "3" => range.overlaps(&version("3"), &version("4")),
            minor => range.contains(&version(minor)) && !constraint.excludes(&version(minor)),
        }
    }
}

/// Reads `python` of the dependencies, and prints it; nothing for no entry, and for `*` where nothing else is stated.
fn of_poetry(table: &TableReader<'_>, is_stated: bool) -> Plan<Option<(String, Constraint, Range)>> {
    let Some(key) = table.table().iter().map(|(key, _)| key).find(|key| key.to_lowercase() == "python")
    else {
        return Ok(None);
    };
    let odd = || option(table, key, "has a form that is not reproduced");
    let text = table.string(key)?.filter(|_| key == "python").ok_or_else(odd)?;
    if text == "*" && !is_stated {
        return Ok(None);
    }
    let constraint = Constraint::parse(text).filter(|constraint| !constraint.is_any()).ok_or_else(odd)?;
    let (range, has_holes) = constraint.python_range().ok_or_else(odd)?;
    if has_holes {
        return Err(odd());
    }
    let bounds = [range.low.as_ref().map(|bound| (if bound.is_inclusive { ">=" } else { ">" }, bound))]
        .into_iter()
        .chain([range.high.as_ref().map(|bound| (if bound.is_inclusive { "<=" } else { "<" }, bound))])
        .flatten();
    let text: Vec<String> = bounds.map(|(operator, bound)| format!("{operator}{}", bound.version)).collect();
    let printed =
        Constraint::parse(&text.join(",")).and_then(|range| range.print(Order::AsWritten)).flatten();
    Ok(Some((printed.ok_or_else(odd)?, constraint, range)))
}
