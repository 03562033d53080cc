//! Numbers and measures as the options of directives write them, with the words of Python's refusals.

use super::unicode::{repr, strip};

/// The units of length.
pub(super) const UNITS: [&str; 15] =
    ["em", "ex", "ch", "rem", "vw", "vh", "vmin", "vmax", "cm", "mm", "Q", "in", "pt", "pc", "px"];

/// Reads an integer as Python's `int` does.
///
/// # Errors
///
/// Returns Python's words.
pub(super) fn integer(text: Option<&str>) -> Result<i64, String> {
    let Some(text) = text else {
        let words = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
        return Err(words.to_owned());
    };
    let fault = || format!("invalid literal for int() with base 10: {}", repr(text));
    let trimmed = strip(text);
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let is_well_formed = digits.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && !digits.contains("__");
    if !is_well_formed {
        return Err(fault());
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    let number = plain.parse().unwrap_or(i64::MAX);
    Ok(if trimmed.starts_with('-') { -number } else { number })
}

/// Reads an integer that is not negative.
///
/// # Errors
///
/// Returns docutils' words.
pub(super) fn nonnegative(text: Option<&str>) -> Result<i64, String> {
    match integer(text)? {
        number if number < 0 => Err("negative value; must be positive or zero".to_owned()),
        number => Ok(number),
    }
}

/// Reads an integer above zero.
///
/// # Errors
///
/// Returns docutils' words.
pub(super) fn positive(text: &str) -> Result<i64, String> {
    match integer(Some(text))? {
        number if number < 1 => Err("negative or zero value; must be positive".to_owned()),
        number => Ok(number),
    }
}

/// Reads a number and a unit; `units` are those that are allowed besides, perhaps, none at all.
///
/// # Errors
///
/// Returns docutils' words.
fn measure(text: Option<&str>, units: &[&str]) -> Result<String, String> {
    let Some(text) = text else {
        return Err("expected string or bytes-like object, got 'NoneType'".to_owned());
    };
    let (number, unit) = split_measure(text).ok_or_else(|| format!("\"{text}\" is no valid measure."))?;
    let is_below_zero = number.starts_with('-') && !number.trim_matches(['-', '0', '.']).is_empty();
    if is_below_zero || !units.contains(&unit) {
        let listed: Vec<&str> = units.iter().copied().filter(|unit| !unit.is_empty()).collect();
        return Err(format!(
            "not a positive number or measure of one of the following units:\n{}",
            listed.join(", ")
        ));
    }
    Ok(format!("{}{unit}", normal_number(number)))
}

fn split_measure(text: &str) -> Option<(&str, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(digits.len());
    let number = &text[..text.len() - digits.len() + end];
    let unit = digits[end..].trim_start_matches(' ');
    let is_unit = unit == "%" || unit.chars().all(|c| c.is_ascii_alphabetic() || c == '\u{b5}');
    let has_digit = digits[..end].bytes().any(|b| b.is_ascii_digit());
    let one_point = digits[..end].bytes().filter(|b| *b == b'.').count() <= 1;
    (is_unit && has_digit && one_point).then_some((number, unit))
}

fn normal_number(number: &str) -> String {
    if number.contains('.') {
        let value: f64 = number.parse().unwrap_or(0.0);
        return if value.fract() == 0.0 { format!("{value:.1}") } else { value.to_string() };
    }
    number.parse::<i64>().map_or_else(|_| number.to_owned(), |value| value.to_string())
}

/// Reads a length, perhaps without unit.
///
/// # Errors
///
/// Returns docutils' words.
pub(super) fn length_or_unitless(text: Option<&str>) -> Result<String, String> {
    let units: Vec<&str> = UNITS.iter().copied().chain([""]).collect();
    measure(text, &units)
}

/// Reads a length or a percentage, perhaps without unit.
///
/// # Errors
///
/// Returns docutils' words.
pub(super) fn length_or_percentage(text: Option<&str>, default: &str) -> Result<String, String> {
    let units: Vec<&str> = UNITS.iter().copied().chain(["%"]).collect();
    measure(text, &units).or_else(|fault| match measure(text, &[""]) {
        Ok(number) => Ok(format!("{number}{default}")),
        Err(_) => Err(fault),
    })
}

/// Reads one of some words.
///
/// # Errors
///
/// Returns docutils' words.
pub(super) fn choice(text: Option<&str>, values: &[&str]) -> Result<String, String> {
    let (last, others) = values.split_last().unwrap_or((&"", &[]));
    let quoted: Vec<String> = others.iter().map(|value| format!("\"{value}\"")).collect();
    let listed = format!("{}, or \"{last}\"", quoted.join(", "));
    let Some(text) = text else { return Err(format!("must supply an argument; choose from {listed}")) };
    let value = strip(&text.to_lowercase()).to_owned();
    if values.contains(&value.as_str()) {
        Ok(value)
    } else {
        Err(format!("\"{text}\" unknown; choose from {listed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_python() {
        assert_eq!(integer(Some(" 1_000 ")), Ok(1000));
        assert_eq!(integer(Some("-3")), Ok(-3));
        assert_eq!(integer(Some("x")), Err("invalid literal for int() with base 10: 'x'".into()));
        assert!(integer(Some("1__0")).is_err() && integer(Some("")).is_err());
    }

    #[test]
    fn measures_have_known_units() {
        assert_eq!(length_or_unitless(Some("50 px")), Ok("50px".into()));
        assert_eq!(length_or_percentage(Some("50%"), ""), Ok("50%".into()));
        assert_eq!(length_or_percentage(Some("50"), "px"), Ok("50px".into()));
        assert!(length_or_unitless(Some("50%")).unwrap_err().starts_with("not a positive number"));
        assert_eq!(length_or_unitless(Some("wide")), Err("\"wide\" is no valid measure.".into()));
    }

    #[test]
    fn a_choice_ignores_case() {
        assert_eq!(choice(Some(" Left"), &["left", "right"]), Ok("left".into()));
        assert_eq!(
            choice(Some("up"), &["a", "b"]),
            Err("\"up\" unknown; choose from \"a\", or \"b\"".into())
        );
    }
}
