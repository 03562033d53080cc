//! Order, waves, and pictures.

use pyrel_model::PackageName;
use pyrel_project::{Graph, Workspace};

use crate::tree::Tree;

fn names(list: &[PackageName]) -> Vec<&str> {
    list.iter().map(PackageName::normalized).collect()
}

fn graph_of(packages: &[(&str, &[&str])]) -> Graph {
    let tree = Tree::new();
    for (name, dependencies) in packages {
        tree.package(&format!("packages/{name}"), name, dependencies);
    }
    tree.workspace().graph()
}

/// `app` needs `core`, is built with `tool`, and may use `extra`.
fn mixed() -> Workspace {
    let tree = Tree::new();
    tree.package("packages/core", "core", &[]).package("packages/tool", "tool", &["core"]);
    tree.package("packages/extra", "extra", &["app"]);
    tree.file(
        "packages/app/pyproject.toml",
        "[build-system]\nrequires = [\"hatchling\", \"tool\"]\nbuild-backend = \"hatchling.build\"\n[project]\nname = \"app\"\nversion = \"0.3\"\ndependencies = [\"core\"]\nclassifiers = [\"Private :: Do Not Upload\"]\n[project.optional-dependencies]\nx = [\"extra\"]\n",
    );
    tree.workspace()
}

#[test]
fn dependencies_come_first_and_ties_go_by_name() {
    let graph = graph_of(&[("d", &[]), ("a", &["z"]), ("z", &[]), ("b", &["a", "d"]), ("c", &[])]);
    assert_eq!(names(&graph.order().unwrap()), ["c", "d", "z", "a", "b"]);
    let waves = graph.waves().unwrap();
    let waves: Vec<Vec<&str>> = waves.iter().map(|wave| names(wave)).collect();
    assert_eq!(waves, [vec!["c", "d", "z"], vec!["a"], vec!["b"]]);
    assert_eq!(graph.cycle(), None);
}

#[test]
fn build_dependencies_order_and_optional_ones_do_not() {
    assert_eq!(names(&mixed().graph().order().unwrap()), ["core", "tool", "app", "extra"]);
}

#[test]
fn a_cycle_is_named() {
    let graph = graph_of(&[("b", &["a"]), ("a", &["b"]), ("c", &["a"])]);
    let cycle = graph.order().unwrap_err();
    assert_eq!(cycle.to_string(), "packages depend on each other in a cycle: a → b → a");
    assert_eq!(cycle.hint().unwrap(), "remove one of these dependencies, or make it optional (an extra)");
    assert_eq!(graph.waves().unwrap_err(), cycle);
    assert_eq!(names(cycle.names()), ["a", "b"]);
}

#[test]
fn the_cycle_alone_is_named_not_what_hangs_on_it() {
    let graph = graph_of(&[("a", &["m"]), ("m", &["n"]), ("n", &["o"]), ("o", &["m"]), ("z", &["a"])]);
    let cycle = graph.cycle().unwrap();
    assert_eq!(cycle.to_string(), "packages depend on each other in a cycle: m → n → o → m");
}

#[test]
fn text() {
    assert_eq!(
        mixed().graph().to_text(),
        "4 packages in 4 waves\n\nwave 1\n  core 1.0\n\nwave 2\n  tool 1.0           needs core\n\nwave 3\n  app 0.3 (private)  needs core; builds with tool; may use extra\n\nwave 4\n  extra 1.0          needs app\n"
    );
    let text = graph_of(&[("b", &["a"]), ("a", &["b"])]).to_text();
    let first = "no publish order, packages depend on each other in a cycle: a → b → a\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("  a 1.0  needs b\n") && text.contains("  b 1.0  needs a\n"), "{text}");
}

#[test]
fn mermaid_and_dot() {
    let graph = mixed().graph();
    assert_eq!(
        graph.to_mermaid(),
        "flowchart LR\n    p0[\"app 0.3 (private)\"]\n    p1[\"core 1.0\"]\n    p2[\"extra 1.0\"]\n    p3[\"tool 1.0\"]\n    p0 --> p1\n    p0 -. optional .-> p2\n    p0 == build ==> p3\n    p2 --> p0\n    p3 --> p1\n"
    );
    let dot = graph.to_dot();
    for line in [
        "    \"app\" [label=\"app 0.3 (private)\", style=dashed];",
        "    \"app\" -> \"core\";",
        "    \"app\" -> \"extra\" [style=dashed, label=\"optional\", constraint=false];",
        "    \"app\" -> \"tool\" [style=bold, label=\"build\"];",
    ] {
        assert!(dot.lines().any(|found| found == line), "{line}\n{dot}");
    }
}

#[test]
fn svg_shows_every_package_and_edge() {
    let graph = mixed().graph();
    let svg = graph.to_svg();
    for text in
        [">app<", ">0.3 · private<", ">WAVE 4<", "app needs tool (build)", "app needs extra (optional)"]
    {
        assert!(svg.contains(text), "{text}\n{svg}");
    }
    assert_eq!(svg.matches("<g class=\"node").count(), 4);
    assert_eq!(svg.matches(" needs ").count(), graph.edges().len());
    assert!(!svg.contains("closes a cycle") && !svg.contains("NaN") && !svg.contains("inf"));
    assert!(graph_of(&[("b", &["a"]), ("a", &["b"])]).to_svg().contains("closes a cycle"));
    assert!(!graph_of(&[]).to_svg().contains("NaN"));
}

/// Returns the upper left corners of all boxes, in tenths of a pixel, column by column.
fn boxes(svg: &str) -> Vec<(i64, i64)> {
    let tenths = |text: &str| -> i64 { text.split('"').next().unwrap().replace('.', "").parse().unwrap() };
    let corner = |piece: &str| (tenths(piece), tenths(piece.split("y=\"").nth(1).unwrap()));
    let mut boxes: Vec<(i64, i64)> = svg.split("<rect x=\"").skip(1).map(corner).collect();
    boxes.sort_unstable();
    boxes
}

#[test]
fn boxes_of_a_column_do_not_overlap() {
    let tree = Tree::new();
    for at in 0..60_usize {
        let needs = [at / 2, at / 3, at / 7].into_iter().filter(|to| *to < at && at % 4 != 0);
        let needs: Vec<String> = needs.map(|to| format!("p{to:02}")).collect();
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        tree.package(&format!("packages/p{at:02}"), &format!("p{at:02}"), &needs);
    }
    let boxes = boxes(&tree.workspace().graph().to_svg());
    assert_eq!(boxes.len(), 60);
    for pair in boxes.windows(2) {
        assert!(pair[0].0 != pair[1].0 || pair[1].1 - pair[0].1 >= 460, "{pair:?}");
    }
}
