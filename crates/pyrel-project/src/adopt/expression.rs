//! The value of a Python expression, as far as it is written out: strings, lists, dictionaries, names of constants.

use std::collections::BTreeMap;

use pyrel_model::python::{Kind, Token};

use super::source::{Source, literal};

/// A value that is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A string.
    Text(String),
    /// A list, tuple, or set.
    List(Vec<Value>),
    /// A dictionary.
    Table(Vec<(Value, Value)>),
    /// `True` or `False`.
    Flag(bool),
    /// `None`.
    Nothing,
}

/// The constants of a module, and how expressions are read with them.
#[derive(Debug)]
pub(super) struct Constants<'s, 't> {
    source: &'s Source<'t>,
    /// What the module assigns, once, at its top level.
    assigned: BTreeMap<&'t str, Option<&'s [Token]>>,
}

/// Expressions in expressions; more is no constant.
const DEEPEST: usize = 20;

impl<'s, 't> Constants<'s, 't> {
    pub(super) fn of(source: &'s Source<'t>) -> Self {
        let mut assigned: BTreeMap<&'t str, Option<&'s [Token]>> = BTreeMap::new();
        for line in &source.lines {
            let [name, sign, rest @ ..] = line.tokens.as_slice() else { continue };
            let is_assignment = name.kind == Kind::Name && (sign.is_op(b'=') || source.word(sign) == "+=");
            if is_assignment {
                // A second assignment, or one under a condition, makes the value uncertain.
                let is_first =
                    line.indent == 0 && sign.is_op(b'=') && !assigned.contains_key(source.word(name));
                assigned.insert(source.word(name), is_first.then_some(rest));
            }
        }
        Self { source, assigned }
    }

    /// Returns the value of an expression; `None` when it is computed.
    pub(super) fn value(&self, tokens: &[Token]) -> Option<Value> {
        self.eval(tokens, 0)
    }

    fn eval(&self, tokens: &[Token], deep: usize) -> Option<Value> {
        let first = tokens.first().filter(|_| deep < DEEPEST)?;
        let base = first.depth;
        let parts: Vec<&[Token]> = tokens.split(|token| token.depth == base && token.is_op(b'+')).collect();
        if parts.len() > 1 {
            let mut values = parts.into_iter().map(|part| self.eval(part, deep + 1));
            let first = values.next()??;
            return values.try_fold(first, |total, value| sum(total, value?));
        }
        if first.kind == Kind::Text && tokens.iter().all(|token| token.kind == Kind::Text) {
            let texts: Option<String> = tokens.iter().map(|token| literal(self.source.word(token))).collect();
            return texts.map(Value::Text);
        }
        let last = tokens.last()?;
        let whole = tokens.len() > 1 && tokens[1..tokens.len() - 1].iter().all(|token| token.depth > base);
        match (first.kind, last.kind) {
            (Kind::Op(b'['), Kind::Op(b']')) if whole => self.list(&tokens[1..tokens.len() - 1], deep),
            (Kind::Op(b'('), Kind::Op(b')')) if whole => {
                let inner = &tokens[1..tokens.len() - 1];
                let is_tuple = inner.is_empty()
                    || inner.iter().any(|token| token.depth == base + 1 && token.is_op(b','));
                if is_tuple { self.list(inner, deep) } else { self.eval(inner, deep + 1) }
            }
            (Kind::Op(b'{'), Kind::Op(b'}')) if whole => {
                self.table(&tokens[1..tokens.len() - 1], base + 1, deep)
            }
            (Kind::Name, _) if tokens.len() == 1 => match self.source.word(first) {
                "True" => Some(Value::Flag(true)),
                "False" => Some(Value::Flag(false)),
                "None" => Some(Value::Nothing),
                name => self.eval((*self.assigned.get(name)?)?, deep + 1),
            },
            _ => None,
        }
    }

    fn list(&self, tokens: &[Token], deep: usize) -> Option<Value> {
        let parts = split(tokens);
        let values: Option<Vec<Value>> = parts.into_iter().map(|part| self.eval(part, deep + 1)).collect();
        values.map(Value::List)
    }

    fn table(&self, tokens: &[Token], depth: usize, deep: usize) -> Option<Value> {
        let mut entries = Vec::new();
        for part in split(tokens) {
            let Some(colon) = part.iter().position(|token| token.depth == depth && token.is_op(b':')) else {
                return self.list(tokens, deep);
            };
            entries.push((self.eval(&part[..colon], deep + 1)?, self.eval(&part[colon + 1..], deep + 1)?));
        }
        Some(Value::Table(entries))
    }
}

/// Splits what stands in brackets at its commas.
pub(super) fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let Some(depth) = tokens.first().map(|token| token.depth) else { return Vec::new() };
    tokens.split(|token| token.depth == depth && token.is_op(b',')).filter(|part| !part.is_empty()).collect()
}

/// Adds two strings or two lists.
fn sum(one: Value, other: Value) -> Option<Value> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(Value::Text(one + &other)),
        (Value::List(mut one), Value::List(other)) => {
            one.extend(other);
            Some(Value::List(one))
        }
        _ => None,
    }
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the strings of a list; a string alone is taken line by line.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::Text(text) => {
                Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
            }
            Self::List(values) => values.iter().map(|value| value.text().map(str::to_owned)).collect(),
            _ => None,
        }
    }

    /// Returns the entries of a dictionary with strings for keys.
    pub(super) fn entries(&self) -> Option<Vec<(&str, &Value)>> {
        match self {
            Self::Table(entries) => entries.iter().map(|(key, value)| Some((key.text()?, value))).collect(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_values_are_read_and_computed_ones_are_not() {
        let text = "\
A = 'x' 'y'
B = [A, ('z'), ('q',)] + ['r']
C = {'k': [A], 'l': True,}
D = open('x').read()
E = A.strip()
if D:
    A2 = '1'
F = A2
G = 'a' + 1
H = 'a' + 'b'
I = (  # note
  None)
J = [x for x in A]
K = '1'
K += '2'
L = K
";
        let source = Source::read("setup.py", text).unwrap();
        let constants = Constants::of(&source);
        let value = |name: &str| {
            let line = source.lines.iter().rfind(|line| source.words(line)[0] == name).unwrap();
            constants.value(&line.tokens[2..])
        };
        let t = |text: &str| Value::Text(text.to_owned());
        assert_eq!(value("B"), Some(Value::List(vec![t("xy"), t("z"), Value::List(vec![t("q")]), t("r")])));
        assert_eq!(
            value("C"),
            Some(Value::Table(vec![(t("k"), Value::List(vec![t("xy")])), (t("l"), Value::Flag(true))]))
        );
        assert_eq!((value("H"), value("I")), (Some(t("ab")), Some(Value::Nothing)));
        for computed in ["D", "E", "F", "G", "J", "L"] {
            assert_eq!(value(computed), None, "{computed}");
        }
    }
}
