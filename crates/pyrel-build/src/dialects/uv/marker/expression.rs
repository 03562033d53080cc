//! Single comparisons as conditions of a diagram: which values of which variable a comparison admits.

use std::ops::Bound;

use pyrel_model::Version;
use pyrel_model::name;
use pyrel_model::requirement::Operand;

use super::diagram::{Diagram, Edges, Generation, Id, Number, Text, Variable};
use super::interval::{Interval, Union, Value, complement, union};

/// Returns the condition of a comparison; `None` for one that uv ignores, or that is not certain.
pub(super) fn condition(
    diagram: &mut Diagram,
    left: &Operand,
    operator: &'static str,
    right: &Operand,
) -> Option<Id> {
    let (variable, operator, value, is_turned) = match (left, right) {
        (Operand::Variable(variable), Operand::Literal(value)) => (*variable, operator, value, false),
        (Operand::Literal(value), Operand::Variable(variable)) => (*variable, turned(operator), value, true),
        _ => return None,
    };
    if !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') || value.contains(['\'', '"']) {
        return None;
    }
    match variable {
        "extra" if matches!(operator, "==" | "!=") && name::is_valid(value) => {
            Some(diagram.create(Variable::Extra(name::normalize(value)), Edges::choice(operator == "==")))
        }
        "python_version" => {
            let is_never_below = diagram.generation == Generation::Covers;
            let union = python_version(operator, value, is_turned, is_never_below)?;
            Some(numbers(diagram, Number::PythonFullVersion, union))
        }
        "python_full_version" => {
            let union = version(operator, value, is_turned)?;
            Some(numbers(diagram, Number::PythonFullVersion, Admitted::Some(union)))
        }
        "implementation_version" => {
            let union = version(operator, value, is_turned)?;
            Some(numbers(diagram, Number::ImplementationVersion, Admitted::Some(union)))
        }
        _ => text(diagram, text_variable(variable)?, operator, value),
    }
}

/// Returns the operator that means the same with its sides exchanged; `has` for a text within the variable.
fn turned(operator: &'static str) -> &'static str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "in" => "has",
        "not in" => "has not",
        other => other,
    }
}

fn text_variable(variable: &str) -> Option<Text> {
    Some(match variable {
        "os_name" => Text::OsName,
        "sys_platform" => Text::SysPlatform,
        "platform_system" => Text::PlatformSystem,
        "platform_machine" => Text::PlatformMachine,
        "platform_python_implementation" => Text::PythonImplementation,
        "platform_release" => Text::PlatformRelease,
        "platform_version" => Text::PlatformVersion,
        "implementation_name" => Text::ImplementationName,
        _ => return None,
    })
}

/// Names of systems that say the same as names of platforms.
const SYSTEMS: [(&str, &str); 6] = [
    ("Windows", "win32"),
    ("Darwin", "darwin"),
    ("Linux", "linux"),
    ("AIX", "aix"),
    ("Emscripten", "emscripten"),
    ("Android", "android"),
];

fn text(diagram: &mut Diagram, variable: Text, operator: &str, value: &str) -> Option<Id> {
    let own = || value.to_owned();
    let membership = match operator {
        "in" | "not in" => Some((Variable::In(variable, own()), operator == "in")),
        "has" | "has not" => Some((Variable::Contains(variable, own()), operator == "has")),
        _ => None,
    };
    if let Some((variable, holds)) = membership {
        return Some(diagram.create(variable, Edges::choice(holds)));
    }
    let same = SYSTEMS.iter().find(|(system, _)| variable == Text::PlatformSystem && *system == value);
    let (variable, value) = match same {
        Some((_, platform)) => (Text::SysPlatform, (*platform).to_owned()),
        None => (variable, own()),
    };
    let is_ordered = matches!(variable, Text::PlatformRelease | Text::PlatformVersion);
    if diagram.generation == Generation::Ordered && !matches!(operator, "==" | "!=") {
        return None;
    }
    let of_darwin = match variable {
        Text::PlatformRelease if diagram.generation != Generation::Ordered => {
            darwin_release(operator, &value)?
        }
        _ => None,
    };
    let value = Value::Text(value);
    let admitted = match operator {
        "==" => vec![Interval::point(value)],
        "!=" => complement(&[Interval::point(value)]),
        ">" if is_ordered => vec![Interval::from(Bound::Excluded(value))],
        ">=" if is_ordered => vec![Interval::from(Bound::Included(value))],
        "<" if is_ordered => vec![Interval::to(Bound::Excluded(value))],
        "<=" if is_ordered => vec![Interval::to(Bound::Included(value))],
        ">" | "<" => Vec::new(),
        ">=" | "<=" => vec![Interval::point(value)],
        _ => return None,
    };
    let texts = diagram.create(Variable::Text(variable), Edges::within(&admitted));
    let Some(versions) = of_darwin else { return Some(texts) };
    let versions = diagram.create(Variable::TextAsVersion(variable), Edges::within(&versions));
    let darwin = vec![Interval::point(Value::Text("darwin".to_owned()))];
    let darwin = diagram.create(Variable::Text(Text::SysPlatform), Edges::within(&darwin));
    let versions = diagram.and(darwin, versions);
    let texts = diagram.and(darwin.not(), texts);
    Some(diagram.or(versions, texts))
}

/// Returns what a comparison with the release of the platform admits where the releases are versions, if its value
/// is one; `None` for a value that may or may not be one.
fn darwin_release(operator: &str, value: &str) -> Option<Option<Union>> {
    let is_plain = value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match value.parse::<Version>() {
        Ok(_) if is_plain => compare(operator, &Release::parse(value)?.numbers, false).map(Some),
        Err(_) if !value.contains('*') => Some(None),
        _ => None,
    }
}

/// What a comparison of the minor version admits of full versions.
enum Admitted {
    All,
    None,
    Some(Union),
}

fn numbers(diagram: &mut Diagram, variable: Number, admitted: Admitted) -> Id {
    match admitted {
        Admitted::All => Id::TRUE,
        Admitted::None => Id::FALSE,
        Admitted::Some(union) => diagram.create(Variable::Version(variable), Edges::within(&union)),
    }
}

/// A release, with its zeros at the end as written.
struct Release {
    numbers: Vec<u64>,
    has_star: bool,
}

impl Release {
    fn parse(text: &str) -> Option<Self> {
        let (text, has_star) = match text.strip_suffix(".*") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
            && text.split(|c: char| !c.is_ascii_digit()).all(|number| number.len() < 9);
        let version: Version = text.parse().ok().filter(|_| plain)?;
        let is_release = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        (is_release || !has_star).then(|| Self { numbers: version.release(), has_star })
    }
}

fn trimmed(mut numbers: Vec<u64>) -> Vec<u64> {
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

fn at(numbers: &[u64]) -> Value {
    Value::Release(trimmed(numbers.to_vec()))
}

/// The versions from a release up to the next of its length.
fn series(numbers: &[u64]) -> Interval {
    let mut next = numbers.to_vec();
    *next.last_mut().expect("a release has a number") += 1;
    Interval { low: Bound::Included(at(numbers)), high: Bound::Excluded(at(&next)) }
}

/// Tells whether zeros at the end are written that uv may print or not, by what it met before.
fn has_vague_zeros(numbers: &[u64]) -> bool {
    numbers.len() > 2 && numbers.last() == Some(&0)
}

fn releases(text: &str) -> Option<Vec<Vec<u64>>> {
    let parse = |part: &str| {
        let is_release = part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        Release::parse(part).filter(|_| is_release).map(|release| release.numbers)
    };
    let all: Option<Vec<_>> = text.split_ascii_whitespace().map(parse).collect();
    all.filter(|all| !all.is_empty())
}

fn version(operator: &str, value: &str, is_turned: bool) -> Option<Union> {
    if let "in" | "not in" = operator {
        let all = releases(value)?;
        if all.iter().any(|numbers| numbers.len() > 1 && numbers.last() == Some(&0)) {
            return None;
        }
        let points = union(all.iter().map(|numbers| Interval::point(at(numbers))).collect());
        return Some(if operator == "in" { points } else { complement(&points) });
    }
    let release = Release::parse(value)?;
    if release.has_star && (is_turned || has_vague_zeros(&release.numbers)) {
        return None;
    }
    compare(operator, &release.numbers, release.has_star)
}

fn compare(operator: &str, numbers: &[u64], has_star: bool) -> Option<Union> {
    let one = at(numbers);
    Some(match (operator, has_star) {
        ("==", true) => vec![series(numbers)],
        ("!=", true) => complement(&[series(numbers)]),
        (_, true) => return None,
        ("==", false) => vec![Interval::point(one)],
        ("!=", false) => complement(&[Interval::point(one)]),
        ("<", false) => vec![Interval::to(Bound::Excluded(one))],
        ("<=", false) => vec![Interval::to(Bound::Included(one))],
        (">", false) => vec![Interval::from(Bound::Excluded(one))],
        (">=", false) => vec![Interval::from(Bound::Included(one))],
        ("~=", false) if numbers.len() > 1 => {
            let high = series(&numbers[..numbers.len() - 1]).high;
            vec![Interval { low: Bound::Included(one), high }]
        }
        _ => return None,
    })
}

/// Returns the full versions whose first two numbers fulfil a comparison.
fn python_version(
    operator: &'static str,
    value: &str,
    is_turned: bool,
    is_never_below: bool,
) -> Option<Admitted> {
    if let "in" | "not in" = operator {
        let all = releases(value)?;
        let mut found = Vec::new();
        for numbers in all {
            let mut numbers = trimmed(numbers);
            if numbers.len() > 2 {
                return Some(Admitted::None);
            }
            numbers.resize(2, 0);
            found.push(series(&numbers));
        }
        let found = union(found);
        return Some(Admitted::Some(if operator == "in" { found } else { complement(&found) }));
    }
    let release = Release::parse(value)?;
    if release.has_star && is_turned {
        return None;
    }
    let numbers = release.numbers;
    if release.has_star || operator == "~=" {
        return by_series(operator, &numbers, release.has_star);
    }
    let short = trimmed(numbers.clone());
    if short.len() > 2 {
        return between(operator, &short);
    }
    let mut minor = short;
    minor.resize(2, 0);
    let next = [minor[0], minor[1] + 1];
    let admitted = match operator {
        "==" => compare("==", &minor, true)?,
        "!=" => compare("!=", &minor, true)?,
        ">" => compare(">=", &next, false)?,
        "<=" => compare("<", &next, false)?,
        "<" if is_never_below && minor == [0, 0] => return Some(Admitted::None),
        ">=" if is_never_below && minor == [0, 0] => return Some(Admitted::All),
        "<" | ">=" => compare(operator, &minor, false)?,
        _ => return None,
    };
    Some(Admitted::Some(admitted))
}

/// Stars and `~=`, which count written zeros.
fn by_series(operator: &str, numbers: &[u64], has_star: bool) -> Option<Admitted> {
    let is_equality = matches!(operator, "==" | "!=");
    if has_star != is_equality || (!has_star && numbers.len() < 2) {
        return None;
    }
    let is_short = numbers.len() <= if has_star { 1 } else { 2 };
    if is_short {
        return compare(operator, numbers, has_star).map(Admitted::Some);
    }
    if numbers[2..].iter().any(|number| *number != 0) {
        return Some(Admitted::None);
    }
    let operator = if has_star { operator } else { "==" };
    compare(operator, &numbers[..2], true).map(Admitted::Some)
}

/// Comparisons with a release between two minor versions.
fn between(operator: &str, numbers: &[u64]) -> Option<Admitted> {
    let next = [numbers[0], numbers[1] + 1];
    match operator {
        "==" => Some(Admitted::None),
        "!=" => Some(Admitted::All),
        "<" | "<=" => compare("<", &next, false).map(Admitted::Some),
        ">" | ">=" => compare(">=", &next, false).map(Admitted::Some),
        _ => None,
    }
}
