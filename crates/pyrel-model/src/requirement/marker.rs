//! Environment markers (PEP 508) as a tree that keeps `and`, `or`, and brackets as written.

use std::fmt;

use super::scanner::Scanner;
use crate::name;

const VARIABLES: [(&str, &str); 16] = [
    ("python_version", "python_version"),
    ("python_full_version", "python_full_version"),
    ("os_name", "os_name"),
    ("os.name", "os_name"),
    ("sys_platform", "sys_platform"),
    ("sys.platform", "sys_platform"),
    ("platform_release", "platform_release"),
    ("platform_system", "platform_system"),
    ("platform_version", "platform_version"),
    ("platform.version", "platform_version"),
    ("platform_machine", "platform_machine"),
    ("platform.machine", "platform_machine"),
    ("platform_python_implementation", "platform_python_implementation"),
    ("platform.python_implementation", "platform_python_implementation"),
    ("python_implementation", "platform_python_implementation"),
    ("implementation_name", "implementation_name"),
];
const NEWER_VARIABLES: [&str; 4] = ["implementation_version", "extras", "extra", "dependency_groups"];
const COMPARISONS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// An environment variable of PEP 508, in its modern spelling.
    Variable(&'static str),
    /// A quoted text, without its quotes.
    Literal(String),
}

/// A part of a marker, in the order as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MarkerItem {
    /// `left operator right`
    Compare {
        /// Left side.
        left: Operand,
        /// `==`, `in`, `not in`, …
        operator: &'static str,
        /// Right side.
        right: Operand,
    },
    /// `and`
    And,
    /// `or`
    Or,
    /// A part in brackets.
    Group(Vec<MarkerItem>),
}

/// A marker. `Display` prints it as `packaging` does: double quotes, brackets only round nested groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker {
    items: Vec<MarkerItem>,
}

impl Marker {
    /// Returns the parts in the order as written.
    #[must_use]
    pub fn items(&self) -> &[MarkerItem] {
        &self.items
    }

    /// Tells whether the marker has an `or` outside all brackets.
    #[must_use]
    pub fn has_top_level_or(&self) -> bool {
        self.items.contains(&MarkerItem::Or)
    }

    /// Tells whether any comparison reads the variable `extra`.
    #[must_use]
    pub fn mentions_extra(&self) -> bool {
        fn mentions(items: &[MarkerItem]) -> bool {
            items.iter().any(|item| match item {
                MarkerItem::Compare { left, right, .. } => {
                    [left, right].contains(&&Operand::Variable("extra"))
                }
                MarkerItem::Group(inner) => mentions(inner),
                MarkerItem::And | MarkerItem::Or => false,
            })
        }
        mentions(&self.items)
    }

    /// Reads a whole marker at the cursor; `None` when the grammar is broken there.
    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        scan_items(scanner, 0).map(|items| Self { items })
    }

    /// Parses a marker text on its own, without the `;`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        let marker = Self::scan(&mut scanner)?;
        scanner.skip_space();
        scanner.is_done().then_some(marker)
    }
}

/// Brackets deeper than this are refused: no marker needs them, and the stack is finite.
const MAX_DEPTH: usize = 64;

fn scan_items(scanner: &mut Scanner<'_>, depth: usize) -> Option<Vec<MarkerItem>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut items = vec![scan_atom(scanner, depth)?];
    loop {
        scanner.skip_space();
        if scanner.take_word("and") {
            items.push(MarkerItem::And);
        } else if scanner.take_word("or") {
            items.push(MarkerItem::Or);
        } else {
            return Some(items);
        }
        items.push(scan_atom(scanner, depth)?);
    }
}

fn scan_atom(scanner: &mut Scanner<'_>, depth: usize) -> Option<MarkerItem> {
    scanner.skip_space();
    if scanner.take("(") {
        let inner = scan_items(scanner, depth + 1)?;
        scanner.skip_space();
        return scanner.take(")").then_some(MarkerItem::Group(inner));
    }
    let mut left = scan_operand(scanner)?;
    scanner.skip_space();
    let operator = scan_operator(scanner)?;
    scanner.skip_space();
    let mut right = scan_operand(scanner)?;
    normalize_extra(&mut left, &mut right);
    Some(MarkerItem::Compare { left, operator, right })
}

fn scan_operator(scanner: &mut Scanner<'_>) -> Option<&'static str> {
    if let Some(found) = COMPARISONS.into_iter().find(|operator| scanner.take(operator)) {
        return Some(found);
    }
    if scanner.take_word("in") {
        return Some("in");
    }
    if scanner.take_word("not") {
        scanner.skip_space();
        return scanner.take_word("in").then_some("not in");
    }
    None
}

fn scan_operand(scanner: &mut Scanner<'_>) -> Option<Operand> {
    for quote in ["'", "\""] {
        if scanner.take(quote) {
            let text = scanner.take_while(|c| !quote.contains(c)).to_owned();
            return scanner.take(quote).then_some(Operand::Literal(text));
        }
    }
    let word = scanner.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    let old = VARIABLES.iter().find(|(spelling, _)| *spelling == word).map(|(_, modern)| *modern);
    old.or_else(|| NEWER_VARIABLES.into_iter().find(|variable| *variable == word)).map(Operand::Variable)
}

/// `extra == "My_Extra"` compares normal forms (PEP 685), so the text is put into normal form.
fn normalize_extra(left: &mut Operand, right: &mut Operand) {
    let extra = Operand::Variable("extra");
    match (&*left, &*right) {
        (side, Operand::Literal(text)) if *side == extra => *right = Operand::Literal(name::normalize(text)),
        (Operand::Literal(text), side) if *side == extra => *left = Operand::Literal(name::normalize(text)),
        _ => {}
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Literal(text) if text.contains('"') => write!(f, "'{text}'"),
            Self::Literal(text) => write!(f, "\"{text}\""),
        }
    }
}

impl fmt::Display for MarkerItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { left, operator, right } => write!(f, "{left} {operator} {right}"),
            Self::And => f.write_str("and"),
            Self::Or => f.write_str("or"),
            Self::Group(items) => match &items[..] {
                [only] => only.fmt(f),
                _ => write!(f, "({})", join(items)),
            },
        }
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items = &self.items;
        while let [MarkerItem::Group(inner)] = &items[..] {
            items = inner;
        }
        f.write_str(&join(items))
    }
}

fn join(items: &[MarkerItem]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> Option<String> {
        Marker::parse(text).map(|marker| marker.to_string())
    }

    #[test]
    fn prints_as_packaging_does() {
        for (text, printed) in [
            (
                "python_version<'3.12' and (os_name=='a' or os.name=='b')",
                "python_version < \"3.12\" and (os_name == \"a\" or os_name == \"b\")",
            ),
            ("(python_version < '3')", "python_version < \"3\""),
            ("extra == 'My_Extra'", "extra == \"my-extra\""),
            ("'linux' not  in sys_platform", "\"linux\" not in sys_platform"),
        ] {
            assert_eq!(print(text).as_deref(), Some(printed), "{text}");
        }
    }

    #[test]
    fn refuses_broken_markers() {
        for bad in [
            "",
            "python_version",
            "foo == 'a'",
            "os_name == a",
            "os_name == 'a' and",
            "(os_name == 'a'",
            "os_name = 'a'",
        ] {
            assert_eq!(print(bad), None, "{bad}");
        }
        assert_eq!(print(&format!("{}os_name == 'a'{}", "(".repeat(500), ")".repeat(500))), None);
    }
}
