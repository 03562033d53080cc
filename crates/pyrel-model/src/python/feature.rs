//! Syntax that came after Python 3.7, with the version that it came with.

/// A piece of syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// `name := value`
    Walrus,
    /// `def f(a, /)`
    PositionalOnly,
    /// `f"{x=}"`
    DebugField,
    /// `with (a as b, c as d):`
    ParenthesizedWith,
    /// `match x:` with `case`
    Match,
    /// `except* E`
    ExceptStar,
    /// `type X = Y`
    TypeStatement,
    /// `def f[T]()`, `class A[T]`
    TypeParameters,
    /// An f-string that only the grammar of PEP 701 can read
    NestedFString,
    /// `t"..."`
    TemplateString,
}

impl Feature {
    /// Returns the minor version of Python 3 that first reads it.
    #[must_use]
    pub fn minor(self) -> u64 {
        match self {
            Self::Walrus | Self::PositionalOnly | Self::DebugField => 8,
            Self::ParenthesizedWith => 9,
            Self::Match => 10,
            Self::ExceptStar => 11,
            Self::TypeStatement | Self::TypeParameters | Self::NestedFString => 12,
            Self::TemplateString => 14,
        }
    }

    /// Returns what it is called in a message.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Walrus => "an assignment expression (`:=`)",
            Self::PositionalOnly => "positional-only parameters (`/`)",
            Self::DebugField => "an f-string field that shows itself (`{x=}`)",
            Self::ParenthesizedWith => "parenthesised context managers",
            Self::Match => "a `match` statement",
            Self::ExceptStar => "`except*`",
            Self::TypeStatement => "a `type` statement",
            Self::TypeParameters => "type parameters in brackets",
            Self::NestedFString => "an f-string with quotes, backslashes, or comments inside its fields",
            Self::TemplateString => "a template string (`t\"...\"`)",
        }
    }
}
