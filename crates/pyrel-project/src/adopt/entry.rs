//! What starts the program: a `__main__` block, a function, or the whole module; and the console script before it.

use std::collections::BTreeSet;
use std::ops::Range;

use pyrel_model::python::{Kind, Token};

use super::patch::Patches;
use super::source::{Logical, Source};

/// How the program is started once it is a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// By calling a function.
    Function {
        /// Its name.
        name: String,
        /// Whether it is a coroutine function.
        is_async: bool,
        /// Whether what it returns is the exit code.
        is_exit: bool,
    },
    /// By running the module as Python runs a script.
    Module,
}

/// How a source is started, and what is said about that.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) start: Start,
    /// Why, in words.
    pub(super) why: String,
}

/// A `__main__` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard {
    /// The position of its first logical line.
    at: usize,
    /// The `if …:` itself, in bytes.
    head: Range<usize>,
    /// The positions of the logical lines of the body; empty when it stands behind the colon.
    body: Range<usize>,
}

/// Names for the function that a `__main__` block becomes.
const NAMES: &[&str] = &["main", "run", "cli", "start_program"];
/// Calls that see whether a name is global.
const SCOPE_SEEING: &[&str] = &["locals", "vars", "exec", "eval", "globals", "__import__"];

/// Keywords that may stand left of a `=` outside brackets, or before a colon.
const KEYWORDS: &[&str] = &[
    "lambda", "if", "elif", "else", "try", "finally", "except", "while", "with", "for", "in", "not", "and",
    "or", "is", "return", "yield", "await", "assert", "del", "True", "False", "None",
];

/// Finds the block under `if __name__ == "__main__":` at the top level of a module.
pub(super) fn guard(source: &Source<'_>) -> Option<Guard> {
    let at = source.lines.iter().position(|line| line.indent == 0 && guard_length(source, line).is_some())?;
    let line = &source.lines[at];
    let length = guard_length(source, line)?;
    let inside = source.lines[at + 1..].iter().take_while(|line| line.indent > 0).count();
    let body = if line.tokens.len() > length { at + 1..at + 1 } else { at + 1..at + 1 + inside };
    Some(Guard { at, head: line.tokens[0].start..line.tokens[length - 1].end, body })
}

/// Returns how many tokens `if __name__ == "__main__":` has, when the line begins with it.
fn guard_length(source: &Source<'_>, line: &Logical) -> Option<usize> {
    let words = source.words(line);
    let plain: Vec<&str> =
        words.iter().copied().take(8).filter(|word| *word != "(" && *word != ")").take(5).collect();
    let [first, left, "==", right, ":"] = plain.as_slice() else { return None };
    let is_main = |word: &str| matches!(word, "\"__main__\"" | "'__main__'");
    let compares = (*left == "__name__" && is_main(right)) || (is_main(left) && *right == "__name__");
    let colon = words.iter().position(|word| *word == ":")?;
    (*first == "if" && compares).then_some(colon + 1)
}

impl Guard {
    /// Returns the tokens of the body.
    fn tokens<'s>(&self, source: &'s Source<'_>) -> Vec<&'s Token> {
        if self.body.is_empty() {
            let line = &source.lines[self.at];
            return line.tokens.iter().filter(|token| token.start >= self.head.end).collect();
        }
        source.lines[self.body.clone()].iter().flat_map(|line| &line.tokens).collect()
    }

    /// Returns where the body ends in the text: behind the comment of its last line.
    fn end(&self, source: &Source<'_>) -> usize {
        let last = self.tokens(source).last().map_or(self.head.end, |token| token.end);
        let end = source.text[last..].find('\n').map_or(source.text.len(), |at| last + at);
        last + source.text[last..end].trim_end_matches('\r').len()
    }
}

/// Decides how a source is started, and makes its `__main__` block a function where that is certain.
pub(super) fn prepare(source: &Source<'_>, patches: &mut Patches) -> Entry {
    let functions = functions(source);
    let Some(guard) = guard(source) else {
        return without_guard(&functions);
    };
    if let Some(entry) = plain_call(source, &guard, &functions) {
        return entry;
    }
    match wrap(source, &guard, patches) {
        Ok(name) => Entry {
            why: format!(
                "its `__main__` block becomes the function `{name}`, which a console script can call"
            ),
            start: Start::Function { name, is_async: false, is_exit: false },
        },
        Err(reason) => Entry {
            start: Start::Module,
            why: format!(
                "its `__main__` block stays as it is, because {reason}; the module is run as a script"
            ),
        },
    }
}

/// A function at the top level: its name, whether it is a coroutine function, whether it can be called with nothing.
struct Function {
    name: String,
    is_async: bool,
    is_free: bool,
}

fn functions(source: &Source<'_>) -> Vec<Function> {
    let top = source.lines.iter().filter(|line| line.indent == 0);
    top.filter_map(|line| {
        let words = source.words(line);
        let (is_async, rest) = match words.as_slice() {
            ["async", "def", rest @ ..] => (true, rest),
            ["def", rest @ ..] => (false, rest),
            _ => return None,
        };
        let close = line.tokens.iter().position(|token| token.depth == 0 && token.is_op(b')'))?;
        let open = line.tokens.iter().position(|token| token.depth == 0 && token.is_op(b'('))?;
        let parameters = &line.tokens[open + 1..close];
        let is_free = parameters.split(|token| token.depth == 1 && token.is_op(b',')).all(|one| {
            let starred = one.first().is_none_or(|token| matches!(source.word(token), "*" | "**" | "/"));
            starred || one.iter().any(|token| token.depth == 1 && token.is_op(b'='))
        });
        Some(Function { name: (*rest.first()?).to_owned(), is_async, is_free })
    })
    .collect()
}

/// Tells whether a module has a coroutine function of a name at its top level.
pub(super) fn is_async(source: &Source<'_>, name: &str) -> bool {
    functions(source).iter().any(|function| function.name == name && function.is_async)
}

fn without_guard(functions: &[Function]) -> Entry {
    match functions.iter().find(|function| function.name == "main" && function.is_free) {
        Some(main) => Entry {
            start: Start::Function { name: "main".to_owned(), is_async: main.is_async, is_exit: true },
            why: "it has a function `main`".to_owned(),
        },
        None => Entry {
            start: Start::Module,
            why: "it has no `main` and no `__main__` block: the module is run as a script".to_owned(),
        },
    }
}

/// Recognises blocks that only call a function with nothing: `main()`, `sys.exit(main())`, `asyncio.run(main())`.
fn plain_call(source: &Source<'_>, guard: &Guard, functions: &[Function]) -> Option<Entry> {
    let words: Vec<&str> = guard.tokens(source).into_iter().map(|token| source.word(token)).collect();
    let (name, is_exit, runs) = match words.as_slice() {
        [name, "(", ")"] => (*name, false, false),
        ["exit" | "SystemExit", "(", name, "(", ")", ")"]
        | ["sys", ".", "exit", "(", name, "(", ")", ")"]
        | ["raise", "SystemExit", "(", name, "(", ")", ")"] => (*name, true, false),
        ["asyncio", ".", "run", "(", name, "(", ")", ")"] => (*name, false, true),
        _ => return None,
    };
    let function = functions.iter().find(|function| function.name == name)?;
    let fits = function.is_free && function.is_async == runs;
    fits.then(|| Entry {
        start: Start::Function { name: name.to_owned(), is_async: runs, is_exit },
        why: format!("its `__main__` block calls `{name}`"),
    })
}

/// Makes a block a function of its own and calls it; returns the function's name, or why not.
fn wrap(source: &Source<'_>, guard: &Guard, patches: &mut Patches) -> Result<String, String> {
    let after = &source.lines[guard.body.end.max(guard.at + 1)..];
    if after.iter().any(|line| line.indent == 0) {
        return Err("code follows it".to_owned());
    }
    let tokens = guard.tokens(source);
    let sees =
        tokens.iter().find(|token| token.kind == Kind::Name && SCOPE_SEEING.contains(&source.word(token)));
    if let Some(token) = sees {
        return Err(format!("it calls `{}`", source.word(token)));
    }
    let name = NAMES.iter().find(|name| !source.mentions(name)).ok_or("all usual names are taken")?;
    let globals = globals(source, guard)?;
    let eol = source.eol();
    if guard.body.is_empty() {
        if !globals.is_empty() {
            return Err("it binds names on its one line".to_owned());
        }
        patches.add(guard.head.clone(), format!("def {name}():"));
    } else {
        let first = &source.lines[guard.body.start].tokens[0];
        let line_start = source.text[..first.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &source.text[line_start..first.start];
        let mut opening = format!("def {name}():{eol}{indent}\"\"\"Run the program.\"\"\"");
        if !globals.is_empty() {
            let list: Vec<&str> = globals.iter().map(String::as_str).collect();
            opening.push_str(&format!("{eol}{indent}global {}", list.join(", ")));
        }
        patches.add(guard.head.clone(), opening);
    }
    let end = guard.end(source);
    let head = &source.text[guard.head.clone()];
    patches.add(end..end, format!("{eol}{eol}{eol}{head}{eol}    {name}()"));
    Ok((*name).to_owned())
}

/// Returns the names that the block binds and other code of the module reads, which therefore stay global.
fn globals(source: &Source<'_>, guard: &Guard) -> Result<BTreeSet<String>, String> {
    let mut bound = BTreeSet::new();
    for line in &source.lines[guard.body.clone()] {
        bind(source, guard, line, &mut bound)?;
    }
    let outside = source.lines[..guard.at].iter().chain(&source.lines[guard.body.end..]);
    let elsewhere: BTreeSet<&str> =
        outside.flat_map(|line| &line.tokens).flat_map(|token| source.names_in(token)).collect();
    // A function inside the block reads the block's names through its closure, and may write them.
    let shared = bound
        .into_iter()
        .filter(|name| elsewhere.contains(name.as_str()) || declares_global(source, guard, name));
    Ok(shared.collect())
}

fn declares_global(source: &Source<'_>, guard: &Guard, name: &str) -> bool {
    source.lines[guard.body.clone()].iter().any(|line| {
        let words = source.words(line);
        words.first() == Some(&"global") && words.contains(&name)
    })
}

/// Adds the names that a line binds; an error for what cannot stand in a function beside `global`.
fn bind(
    source: &Source<'_>,
    guard: &Guard,
    line: &Logical,
    bound: &mut BTreeSet<String>,
) -> Result<(), String> {
    let words = source.words(line);
    let is_name = |at: usize| line.tokens[at].kind == Kind::Name;
    match words.as_slice() {
        ["from", .., "*"] => return Err("it imports `*`".to_owned()),
        ["global", ..] if line.indent <= source.lines[guard.body.start].indent => {
            return Err("it has a `global` statement".to_owned());
        }
        ["def" | "class", name, ..] | ["async", "def", name, ..] => {
            bound.insert((*name).to_owned());
        }
        ["import", ..] | ["from", ..] => {
            let start = words.iter().position(|word| *word == "import").unwrap_or(0);
            let names = (start + 1..words.len()).filter(|at| is_name(*at) && words[*at] != "as");
            bound.extend(names.map(|at| words[at].to_owned()));
        }
        ["del", ..] | ["case", ..] => {
            let names = (1..words.len()).filter(|at| is_name(*at) && !KEYWORDS.contains(&words[*at]));
            bound.extend(names.map(|at| words[at].to_owned()));
        }
        ["for", ..] | ["async", "for", ..] => {
            let end = words.iter().position(|word| *word == "in").unwrap_or(words.len());
            bound.extend((1..end).filter(|at| is_name(*at)).map(|at| words[at].to_owned()));
        }
        [_, ":", ..] if is_name(0) && words.contains(&"=") && !KEYWORDS.contains(&words[0]) => {
            return Err("it annotates a variable".to_owned());
        }
        _ => {}
    }
    for at in 1..words.len() {
        let is_binding = matches!(words[at - 1], "as") || words.get(at + 1) == Some(&":=");
        if is_binding && is_name(at) {
            bound.insert(words[at].to_owned());
        }
    }
    let last = line.tokens.iter().rposition(|token| {
        token.depth == 0
            && (token.is_op(b'=') || (token.kind == Kind::LongOp && is_augmented(source.word(token))))
    });
    let targets = (0..last.unwrap_or(0)).filter(|at| is_name(*at) && !KEYWORDS.contains(&words[*at]));
    bound.extend(targets.map(|at| words[at].to_owned()));
    Ok(())
}

fn is_augmented(operator: &str) -> bool {
    operator.ends_with('=') && !matches!(operator, "==" | "!=" | "<=" | ">=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> (Start, String) {
        let source = Source::read("app.py", text).unwrap();
        let mut patches = Patches::default();
        let entry = prepare(&source, &mut patches);
        (entry.start, patches.apply(text))
    }

    fn function(name: &str, is_async: bool, is_exit: bool) -> Start {
        Start::Function { name: name.to_owned(), is_async, is_exit }
    }

    #[test]
    fn calls_of_a_main_are_taken_as_they_are() {
        for (text, start) in [
            ("def main(): pass\nif __name__ == '__main__':\n    main()\n", function("main", false, false)),
            (
                "import sys\ndef run(a=1, *, b=2): pass\nif (__name__ == \"__main__\"): sys.exit(run())\n",
                function("run", false, true),
            ),
            (
                "async def main(): pass\nif __name__ == '__main__':\n    asyncio.run(main())\n",
                function("main", true, false),
            ),
            (
                "def main(): pass\nif '__main__' == __name__:\n    raise SystemExit(main())\n",
                function("main", false, true),
            ),
            ("async def main(): pass\n", function("main", true, true)),
            ("def main(argv): pass\n", Start::Module),
            ("print(1)\n", Start::Module),
        ] {
            assert_eq!(prepared(text), (start, text.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_block_becomes_a_function() {
        let (start, text) = prepared(
            "import x\ndef f():\n    return f\"{args}\"\n\nif __name__ == \"__main__\":\n    # why\n    args = x.parse()  # note\n    other = 1\n    f()  # end\n# tail\n",
        );
        assert_eq!(start, function("main", false, false));
        assert_eq!(
            text,
            "import x\ndef f():\n    return f\"{args}\"\n\ndef main():\n    \"\"\"Run the program.\"\"\"\n    global args\n    # why\n    args = x.parse()  # note\n    other = 1\n    f()  # end\n\n\nif __name__ == \"__main__\":\n    main()\n# tail\n"
        );
    }

    #[test]
    fn names_that_others_read_stay_global() {
        for (body, global) in [
            ("x = 1", "x"),
            ("x += 1", "x"),
            ("import x", "x"),
            ("from m import y as x", "x"),
            ("for x, z in m: pass", "x"),
            ("with m() as x: pass", "x"),
            ("print(x := 1)", "x"),
            ("del x", "x"),
            ("x, *q = m", "x"),
        ] {
            let text = format!("def f(): return x\nif __name__ == '__main__':\n    {body}\n");
            let (_, new) = prepared(&text);
            assert!(new.contains(&format!("    global {global}\n    {body}\n")), "{new}");
        }
        for body in ["y = 1", "f(x=1)", "x == 1", "g(x)", "m[x]"] {
            let text = format!("def f(): return x\nif __name__ == '__main__':\n    {body}\n");
            assert!(!prepared(&text).1.contains("global"), "{body}");
        }
    }

    #[test]
    fn a_main_that_takes_something_is_called_by_another() {
        let (start, text) = prepared("def main(args): pass\r\nif __name__ == '__main__':\r\n\tmain(1)\r\n");
        assert_eq!(start, function("run", false, false));
        assert_eq!(
            text,
            "def main(args): pass\r\ndef run():\r\n\t\"\"\"Run the program.\"\"\"\r\n\tmain(1)\r\n\r\n\r\nif __name__ == '__main__':\r\n    run()\r\n"
        );
    }

    #[test]
    fn what_a_function_would_change_stays() {
        for body in [
            "    from x import *\n",
            "    x: int = 1\n",
            "    print(locals())\n",
            "    f()\nprint(2)\n",
            "    f()\nelse:\n    g()\n",
        ] {
            let text = format!("if __name__ == '__main__':\n{body}");
            assert_eq!(prepared(&text), (Start::Module, text.clone()), "{text}");
        }
    }
}
