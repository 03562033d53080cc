//! The portable globs of PEP 639, with the semantics of the `globset` library, which uv_build uses.
//!
//! Bytes are matched, not characters: a `?` takes half of an `ä`. Beside whole matches a glob tells whether a path
//! may be a folder on the way to one.

/// Whether a backslash escapes the character behind it; PEP 639 itself has no escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// The dialect of uv's own options.
    Backslash,
    /// PEP 639 to the letter.
    None,
}

/// A compiled glob.
#[derive(Debug, Clone)]
pub(crate) struct PortableGlob {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// This byte.
    Byte(u8),
    /// Any byte but `/`.
    One,
    /// Any of these inclusive ranges.
    Class(Vec<(u8, u8)>),
    /// Any bytes but `/`, as many as there are.
    Star,
    /// `**/` at the start: nothing, or folders with their `/`.
    Prefix,
    /// `/**/`: a `/`, or folders between two of them.
    Middle,
    /// `/**` at the end: everything below.
    Suffix,
    /// `**` alone: everything.
    All,
}

impl PortableGlob {
    /// Compiles a glob; `None` for one that is refused, or whose meaning is not certain.
    pub(crate) fn parse(text: &str, escapes: Escapes) -> Option<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut parser = Parser { characters: &characters, at: 0, steps: Vec::new(), escapes };
        parser.run()?;
        let mut steps = parser.steps;
        if steps == [Step::Prefix] {
            steps = vec![Step::All];
        }
        Some(Self { steps })
    }

    /// Compiles the glob of everything below a folder.
    pub(crate) fn below(folder: &str) -> Self {
        let mut steps: Vec<Step> = folder.bytes().map(Step::Byte).collect();
        steps.push(Step::Suffix);
        Self { steps }
    }

    /// Compiles the glob of one path.
    pub(crate) fn literal(path: &str) -> Self {
        Self { steps: path.bytes().map(Step::Byte).collect() }
    }

    /// Tells whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.after(path)[2 * self.steps.len()]
    }

    /// Tells whether the path matches, or a longer one below it could.
    pub(crate) fn matches_or_leads_to(&self, path: &str) -> bool {
        let state = self.after(path);
        path.is_empty() || state[2 * self.steps.len()] || self.next(&state, b'/').contains(&true)
    }

    /// Returns how many steps repeat something, on which the size of an automaton depends.
    pub(crate) fn repetitions(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, Step::Star | Step::Prefix | Step::Middle)).count()
    }

    /// Returns which places are reached behind the path: two for each step, the second for those within it.
    fn after(&self, path: &str) -> Vec<bool> {
        let mut state = vec![false; 2 * self.steps.len() + 1];
        state[0] = true;
        self.skip(&mut state);
        path.bytes().fold(state, |state, byte| self.next(&state, byte))
    }

    fn next(&self, state: &[bool], byte: u8) -> Vec<bool> {
        let mut next = vec![false; state.len()];
        let slash = byte == b'/';
        for (at, step) in self.steps.iter().enumerate() {
            let (before, within, behind) = (2 * at, 2 * at + 1, 2 * at + 2);
            if state[before] {
                match step {
                    Step::Byte(own) => next[behind] |= *own == byte,
                    Step::One => next[behind] |= !slash,
                    Step::Class(ranges) => {
                        next[behind] |= ranges.iter().any(|(low, high)| (*low..=*high).contains(&byte));
                    }
                    Step::Star => next[before] |= !slash,
                    Step::All => next[before] = true,
                    Step::Prefix => {
                        next[behind] |= slash;
                        next[within] = true;
                    }
                    Step::Middle => {
                        next[behind] |= slash;
                        next[within] |= slash;
                    }
                    Step::Suffix => next[within] |= slash,
                }
            }
            if state[within] {
                next[within] = true;
                next[behind] |= slash && *step != Step::Suffix;
            }
        }
        self.skip(&mut next);
        next
    }

    /// Adds what is reached without a byte.
    fn skip(&self, state: &mut [bool]) {
        for (at, step) in self.steps.iter().enumerate() {
            let (before, within, behind) = (2 * at, 2 * at + 1, 2 * at + 2);
            state[behind] |= match step {
                Step::Star | Step::All | Step::Prefix => state[before],
                Step::Suffix => state[within],
                Step::Byte(_) | Step::One | Step::Class(_) | Step::Middle => false,
            };
        }
    }
}

struct Parser<'a> {
    characters: &'a [char],
    at: usize,
    steps: Vec<Step>,
    escapes: Escapes,
}

impl Parser<'_> {
    fn run(&mut self) -> Option<()> {
        while let Some(c) = self.characters.get(self.at).copied() {
            let starts_name = self.at == 0 || self.characters[self.at - 1] == '/';
            self.at += 1;
            match c {
                '*' => self.stars()?,
                '?' => self.steps.push(Step::One),
                '[' => self.class()?,
                '.' if starts_name && self.peek() == Some('.') => return None,
                '/' | '.' | '_' | '-' => self.literal(c),
                '\\' => self.escape()?,
                c if c.is_alphanumeric() => self.literal(c),
                _ => return None,
            }
        }
        Some(())
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn literal(&mut self, c: char) {
        let mut buffer = [0; 4];
        self.steps.extend(c.encode_utf8(&mut buffer).bytes().map(Step::Byte));
    }

    fn escape(&mut self) -> Option<()> {
        let escaped = self.peek().filter(|c| !matches!(c, '/' | '\\'))?;
        if self.escapes == Escapes::None {
            return None;
        }
        self.at += 1;
        self.literal(escaped);
        Some(())
    }

    /// One star behind the cursor, or two that stand for folders, or for one star when they touch a name.
    fn stars(&mut self) -> Option<()> {
        if self.peek() != Some('*') {
            self.steps.push(Step::Star);
            return Some(());
        }
        let start = self.at - 1;
        self.at += 1;
        let end = self.peek();
        if !matches!(end, None | Some('/')) {
            return None;
        }
        if start > 0 && self.characters[start - 1] != '/' {
            self.steps.push(Step::Star);
            return Some(());
        }
        self.at += usize::from(end.is_some());
        match self.steps.pop() {
            None | Some(Step::Prefix) => self.steps.push(Step::Prefix),
            Some(Step::Byte(b'/') | Step::Middle) => {
                self.steps.push(if end.is_none() { Step::Suffix } else { Step::Middle });
            }
            Some(_) => return None,
        }
        Some(())
    }

    fn class(&mut self) -> Option<()> {
        let mut content = Vec::new();
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                ']' => break,
                c if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') => content.push(c as u8),
                _ => return None,
            }
        }
        let mut ranges = Vec::new();
        let mut at = 0;
        while at < content.len() {
            let low = content[at];
            if at + 2 < content.len() && content[at + 1] == b'-' {
                let high = content[at + 2];
                if low == b'-' || high == b'-' || low > high {
                    return None;
                }
                ranges.push((low, high));
                at += 3;
            } else if low == b'-' && at > 0 && at + 1 < content.len() {
                return None;
            } else {
                ranges.push((low, low));
                at += 1;
            }
        }
        if ranges.is_empty() {
            return None;
        }
        self.steps.push(Step::Class(ranges));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(glob: &str) -> Option<PortableGlob> {
        PortableGlob::parse(glob, Escapes::Backslash)
    }

    #[test]
    fn whole_paths_match() {
        for (glob, path, expected) in [
            ("src/**", "src/a/b", true),
            ("src/**", "src", false),
            ("**/*.pyc", "a.pyc", true),
            ("**/*.pyc", "a/b.pyc", true),
            ("**/a/*", "x/a/b", true),
            ("**/a", "xa", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "axb", false),
            ("a/**/**", "a/x", true),
            ("**", "a/b", true),
            ("**/**", "a", true),
            ("*.txt", "a/b.txt", false),
            ("a**", "abc", true),
            ("a**", "a/b", false),
            ("[a-c]x", "bx", true),
            ("[-a]x", "-x", true),
            ("?", "ä", false),
            ("??", "ä", true),
            ("\\@x", "@x", true),
            ("ä", "ä", true),
        ] {
            assert_eq!(parse(glob).unwrap().matches(path), expected, "{glob} {path}");
        }
    }

    #[test]
    fn folders_on_the_way_are_seen() {
        for (glob, path, expected) in [
            ("src/p/**", "src", true),
            ("src/p/**", "src/q", false),
            ("src/p/**", "src/p/x", true),
            ("a/*", "a/b", true),
            ("a/*/c", "a/b", true),
            ("a/*/c", "a/b/d", false),
            ("a/**/c.txt", "a/any.md", true),
            ("**/c", "any", true),
            ("README.md", "README.md", true),
            ("README.md", "README", false),
            ("x", "", true),
        ] {
            assert_eq!(parse(glob).unwrap().matches_or_leads_to(path), expected, "{glob} {path}");
        }
    }

    #[test]
    fn what_is_refused_or_uncertain() {
        for glob in [
            "..", "a/..", "***", "**x", "a/**x", "[!a]", "[z-a]", "[]", "[a", "{a,b}", "a b", "\\/", "a\\",
            "[ä]",
        ] {
            assert!(parse(glob).is_none(), "{glob}");
        }
        assert!(PortableGlob::parse("\\@", Escapes::None).is_none());
        assert!(parse("a..b").is_some());
    }
}
