//! A Python module: what its top level has, and how new its syntax is.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;

use super::feature::Feature;
use super::statement::Statement;
use super::token::{Lexer, Unknown};

/// What is known of one source file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PythonModule {
    /// Newer syntax, each with the first line that has it; empty when the source is not understood.
    pub features: BTreeMap<Feature, usize>,
    /// The names at its top level; only when they were asked for.
    pub outline: Option<Outline>,
}

/// The names at the top level of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// All names that it can have.
    Closed(BTreeSet<String>),
    /// It may have any name: a star import, a `__getattr__`, names made at run time, or a source not understood.
    Open,
}

/// What makes a module have names that its statements do not show.
const DYNAMIC: [&str; 7] =
    ["__getattr__", "globals(", "locals(", "vars(", "exec(", "setattr(", "sys.modules"];

impl PythonModule {
    /// Reads a source file. `outline` tells whether its names are wanted.
    #[must_use]
    pub fn read(source: &[u8], outline: bool) -> Self {
        let mut walk = Walk { outline, ..Walk::default() };
        match walk.run(source) {
            Ok(()) => Self { features: walk.features(), outline: outline.then(|| walk.into_outline(source)) },
            Err(Unknown) => Self { features: BTreeMap::new(), outline: outline.then_some(Outline::Open) },
        }
    }
}

/// One walk over the logical lines.
#[derive(Default)]
struct Walk {
    outline: bool,
    found: Vec<(Feature, usize)>,
    names: BTreeSet<Vec<u8>>,
    star: bool,
    /// Open blocks: their indentation, and whether they are functions or classes.
    blocks: Vec<(usize, bool)>,
}

impl Walk {
    fn run(&mut self, source: &[u8]) -> Result<(), Unknown> {
        let mut lexer = Lexer::new(source);
        let mut tokens = Vec::new();
        let mut pending: Option<(usize, usize)> = None;
        while let Some(indent) = lexer.next_line(&mut tokens)? {
            let statement = Statement { source, tokens: &tokens }.without_async();
            if let Some((outer, line)) = pending.take()
                && indent > outer
                && statement.word(0) == b"case"
                && statement.opens_block_or_body()
            {
                self.found.push((Feature::Match, line));
            }
            if statement.may_match() {
                pending = tokens.first().map(|first| (indent, first.line));
            }
            statement.features(&mut self.found);
            while self.blocks.last().is_some_and(|(outer, _)| *outer >= indent) {
                self.blocks.pop();
            }
            if self.outline {
                self.collect(statement);
            }
            if statement.opens_block() {
                self.blocks.push((indent, statement.opens_scope()));
            }
        }
        self.found.append(&mut lexer.found);
        Ok(())
    }

    fn collect(&mut self, statement: Statement<'_>) {
        let inside = self.blocks.iter().any(|(_, scope)| *scope);
        // A function binds names of its module after `global` only.
        if inside && statement.word(0) != b"global" {
            return;
        }
        let mut names = Vec::new();
        statement.names(&mut names, &mut self.star);
        self.names.extend(names.into_iter().map(<[u8]>::to_vec));
    }

    fn features(&self) -> BTreeMap<Feature, usize> {
        let mut features = BTreeMap::new();
        for (feature, line) in &self.found {
            let first = features.entry(*feature).or_insert(*line);
            *first = (*first).min(*line);
        }
        features
    }

    fn into_outline(self, source: &[u8]) -> Outline {
        let dynamic = |word: &str| memmem::find(source, word.as_bytes()).is_some();
        if self.star || DYNAMIC.iter().any(|word| dynamic(word)) {
            return Outline::Open;
        }
        let names = self.names.into_iter().map(|name| String::from_utf8_lossy(&name).into_owned());
        Outline::Closed(names.collect())
    }
}

impl Statement<'_> {
    /// A `case` has a colon, at its end or before a body on the same line.
    fn opens_block_or_body(&self) -> bool {
        self.tokens.iter().any(|token| token.is_op(b':') && token.depth == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Option<Vec<String>> {
        match PythonModule::read(source.as_bytes(), true).outline.unwrap() {
            Outline::Closed(names) => Some(names.into_iter().collect()),
            Outline::Open => None,
        }
    }

    fn features(source: &str) -> Vec<(Feature, usize)> {
        PythonModule::read(source.as_bytes(), false).features.into_iter().collect()
    }

    #[test]
    fn top_level_names_are_found_however_they_are_bound() {
        let source = "\
\"\"\"Doc.\"\"\"
import os.path, sys as system
from .a import (b, c as d,
    e)
async def run(): pass
@deco
class App(Base):
    inner = 1
    def method(self):
        global late, later
        local = 1
if system.x:
    try:
        import fast
    except ImportError as error: fast = None
else: slow, (left, *right) = 1, 2
for i, j in []: pass
with open(x) as handle: pass
n: int = 3
first = second = lambda: 0
third = 1; fourth = {'a': 1}
print(walrus := 5)
type Alias = int
not_bound.call(keyword=1)
match command:
    case [head, *tail]: pass
";
        let expected = [
            "Alias", "App", "b", "c", "d", "e", "error", "fast", "first", "fourth", "handle", "head", "i",
            "j", "late", "later", "left", "n", "os", "right", "run", "second", "slow", "sys", "system",
            "tail", "third", "walrus",
        ];
        assert_eq!(names(source).unwrap(), expected);
    }

    #[test]
    fn what_is_dynamic_or_not_understood_is_open() {
        for source in [
            "from x import *\n",
            "def __getattr__(name): ...\n",
            "globals()['main'] = 1\n",
            "if x: from y import *\n",
            "def main(:\n  'unclosed\n",
        ] {
            assert_eq!(names(source), None, "{source}");
        }
    }

    #[test]
    fn newer_syntax_is_dated() {
        for (source, feature, line) in [
            ("if (n := f()):\n  pass\n", Feature::Walrus, 1),
            ("\ndef f(a, /, b): pass\n", Feature::PositionalOnly, 2),
            ("def f(a=1, /): pass\n", Feature::PositionalOnly, 1),
            ("x = f'{a=}'\n", Feature::DebugField, 1),
            ("x = f'{a = !r:>3}'\n", Feature::DebugField, 1),
            ("with (a as b, c as d):\n  pass\n", Feature::ParenthesizedWith, 1),
            ("match x:\n  case 1:\n    pass\n", Feature::Match, 1),
            ("async def f():\n  match (x):\n    case {}: pass\n", Feature::Match, 2),
            ("try:\n  pass\nexcept* E:\n  pass\n", Feature::ExceptStar, 3),
            ("type X = int\n", Feature::TypeStatement, 1),
            ("def f[T](x: T): ...\n", Feature::TypeParameters, 1),
            ("class A[T]: ...\n", Feature::TypeParameters, 1),
            ("x = f\"{d[\"a\"]}\"\n", Feature::NestedFString, 1),
            ("x = f'{\"\\n\".join(y)}'\n", Feature::NestedFString, 1),
            ("x = f'{a:{f'{b}'}}'\n", Feature::NestedFString, 1),
            ("x = f'''{a # why\n}'''\n", Feature::NestedFString, 1),
            ("x = t'{a}'\n", Feature::TemplateString, 1),
        ] {
            assert_eq!(features(source), [(feature, line)], "{source}");
        }
    }

    #[test]
    fn what_every_python_3_reads_is_not_newer() {
        for source in [
            "match = 1\nmatch(x)\nmatch.group(1)\ntype = 3\ntype(x)\nprint(type, end='')\ncase = match[1:2]\n",
            "def f(a, b=1/2, *args, **kw): return a / b\n",
            "with (a) as b, c as d:\n  pass\nwith (yield x) as y: pass\nwith (a if b else c): pass\n",
            "x = f'{a!r:>{width}} {{literal}} {b == c} {d[\"k\"]} {e != f} {lambda_:%Y-%m}'\n",
            "x = f'''{d['k']} \"{e}\" {\n f }'''\n",
            "x = rf'\\d{{2}}\\{a}' f'\\N{DASH} \\' {b}'\n",
            "x = {'a': 1}; y = z[1:=2]\n".replace(":=", ": ").as_str(),
            "except_ = {k: v for k, v in a}\ntry:\n  pass\nexcept (A, B) as e:\n  pass\n",
            "s = 'walrus := and match x:'  # n := 3\n",
            "class A(B[T]): pass\ndef f(x: 'a') -> B[T]: pass\n",
        ] {
            assert_eq!(features(source), [], "{source}");
        }
    }
}
