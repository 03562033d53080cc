//! Files made to break the reader.

use fs_err as fs;

use crate::tree::{Tree, broken};

fn error_of(text: &str) -> String {
    let tree = Tree::new();
    tree.file("packages/x/pyproject.toml", text).package("packages/good", "good", &[]);
    let workspace = tree.workspace();
    assert_eq!(workspace.packages().count(), 1);
    broken(&workspace)
}

#[test]
fn deep_nesting_is_an_error() {
    let requirement =
        |marker: &str| format!("[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"a; {marker}\"]");
    for text in [
        format!("a = {}", "[".repeat(200_000)),
        format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a = {}", "{b = ".repeat(100_000)),
        format!("{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        requirement(&"(".repeat(200_000)),
        requirement(&format!("{}os_name == 'nt'{}", "(".repeat(100_000), ")".repeat(100_000))),
    ] {
        let error = error_of(&text);
        assert!(error.starts_with("packages/x/pyproject.toml:"), "{}", &error[..200.min(error.len())]);
    }
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let tree = Tree::new();
    tree.package("packages/x", "x", &[]);
    let file = fs::OpenOptions::new().write(true).open(tree.path("packages/x/pyproject.toml")).unwrap();
    file.set_len(3 << 30).unwrap();
    assert_eq!(
        broken(&tree.workspace()),
        "packages/x/pyproject.toml: file is larger than 10 MiB, the limit for a file that describes a project [move generated data out of it]"
    );
}

#[test]
fn a_large_file_below_the_limit_is_read() {
    let tree = Tree::new();
    let text = format!("{}# {}\n", crate::tree::pyproject("x", &[]), "x".repeat(4 << 20));
    tree.file("pyproject.toml", &text);
    assert_eq!(tree.workspace().packages().count(), 1);
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let tree = Tree::new();
    fs::create_dir_all(tree.path("packages/x")).unwrap();
    fs::write(tree.path("packages/x/pyproject.toml"), b"[project]\nname = \"\xff\xfe\"\n").unwrap();
    assert_eq!(
        broken(&tree.workspace()),
        "packages/x/pyproject.toml:2:9: file is not valid UTF-8 [save the file with the encoding UTF-8]"
    );
}

#[test]
fn odd_but_valid_files_are_read() {
    let tree = Tree::new();
    let text = "\u{feff}".to_owned() + &crate::tree::pyproject("x", &[]).replace('\n', "\r\n");
    tree.file("pyproject.toml", &text);
    assert_eq!(tree.workspace().packages().count(), 1);
    fs::create_dir_all(tree.path("packages/dir/pyproject.toml")).unwrap();
    assert_eq!(tree.workspace().members().len(), 1);
}

/// A small generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Returns up to 40 pieces, one after the other.
    fn text(&mut self, pieces: &[&str]) -> String {
        let length = self.below(40);
        (0..length).map(|_| pieces[self.below(pieces.len())]).collect()
    }
}

#[test]
fn no_text_makes_a_reader_panic() {
    let mut numbers = Numbers(1);
    let python = [
        "V", " = ", "'", "\"", "\"\"\"", "\\", "\n", "#", "ä", "(", ")", "[", "1.", ",", ";", ":", "=",
        "if ", "r'", " ",
    ];
    let config = [
        "[",
        "]",
        "[metadata]\n",
        "name",
        "=",
        ":",
        "\n",
        "  ",
        "#",
        "ä",
        ";",
        "version = attr: x.V\n",
        "a>=1",
        "\t",
    ];
    let toml = [
        "[tool.poetry]\n",
        "[project]\n",
        "name = \"x\"\n",
        "version = \"1\"\n",
        "dependencies = ",
        "[",
        "]",
        "{",
        "}",
        "\"^1\"",
        "\"~x ||\"",
        "python = ",
        "\n",
        "=",
        "ä",
        "[tool.poetry.dependencies]\n",
        "a = ",
        "'",
        ",",
        "1",
    ];
    for _ in 0..4000 {
        let module = numbers.text(&python);
        let _ = pyrel_project::version::find_assignment(&module, "V");
    }
    let tree = Tree::new();
    for _ in 0..400 {
        tree.file("packages/cfg/setup.cfg", &format!("[metadata]\n{}", numbers.text(&config)));
        tree.file("packages/toml/pyproject.toml", &numbers.text(&toml));
        tree.file("pyrel.toml", "");
        assert!(!tree.workspace().members().is_empty());
        tree.file("pyrel.toml", &numbers.text(&toml));
        let _ = tree.discover();
    }
}
