//! `pyrel graph`.

use super::two_packages;

#[test]
fn draws_in_every_format() {
    let workspace = two_packages();
    for (format, expected) in
        [("text", "alpha"), ("mermaid", "flowchart "), ("dot", "digraph"), ("svg", "<svg")]
    {
        let run = workspace.run(["graph", "--format", format]).expect(0);
        assert!(run.stdout.contains(expected) && run.stdout.contains("beta"), "{format}: {}", run.stdout);
    }
    let json = workspace.run(["graph", "--format", "json"]).expect(0).json();
    assert_eq!(json["order"], serde_json::json!(["alpha", "beta"]));
    assert_eq!(json["waves"], serde_json::json!([["alpha"], ["beta"]]));
    assert_eq!(json["edges"][0]["from"], "beta");
}
