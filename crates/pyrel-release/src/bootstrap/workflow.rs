//! Which jobs of a workflow of GitHub Actions ask for an identity, and in which environment they run. Reads the lines
//! of the usual form; what is written in another (flow style, anchors) is not seen, and a person is asked to say it.

/// A job that asks for an identity.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IdentityJob {
    /// The file name of its workflow.
    pub workflow: String,
    /// Its key under `jobs`.
    pub job: String,
    /// Its environment, when it names one plainly.
    pub environment: Option<String>,
}

/// A line that says something: how far it is indented, its key, and its value.
struct Line<'t> {
    indent: usize,
    key: &'t str,
    value: &'t str,
}

/// Returns the jobs of a workflow that have `id-token: write`, whether of their own or of the workflow.
#[must_use]
pub fn jobs_of(workflow: &str, text: &str) -> Vec<IdentityJob> {
    let lines: Vec<Line<'_>> = text.lines().filter_map(line).collect();
    let top = |line: &Line<'_>| line.indent == 0;
    let Some(start) = lines.iter().position(|line| top(line) && line.key == "jobs") else {
        return Vec::new();
    };
    let end = lines[start + 1..].iter().position(top).map_or(lines.len(), |at| start + 1 + at);
    let outside = lines[..start].iter().chain(&lines[end..]);
    let everywhere = outside.into_iter().any(asks);
    let jobs = &lines[start + 1..end];
    let Some(depth) = jobs.first().map(|line| line.indent) else { return Vec::new() };
    let starts: Vec<usize> = (0..jobs.len()).filter(|at| jobs[*at].indent == depth).collect();
    let mut found = Vec::new();
    for (number, at) in starts.iter().enumerate() {
        let body = &jobs[at + 1..starts.get(number + 1).copied().unwrap_or(jobs.len())];
        let own = body.iter().any(|line| line.key == "permissions");
        if body.iter().any(asks) || (everywhere && !own) {
            found.push(IdentityJob {
                workflow: workflow.to_owned(),
                job: jobs[*at].key.to_owned(),
                environment: environment(body),
            });
        }
    }
    found
}

fn asks(line: &Line<'_>) -> bool {
    let everything = line.key == "permissions" && line.value == "write-all";
    (line.key == "id-token" && line.value == "write") || everything
}

fn environment(body: &[Line<'_>]) -> Option<String> {
    let depth = body.first()?.indent;
    let at = body.iter().position(|line| line.indent == depth && line.key == "environment")?;
    let mut value = body[at].value;
    if value.is_empty() {
        let mut inner = body[at + 1..].iter().take_while(|line| line.indent > depth);
        value = inner.find(|line| line.key == "name")?.value;
    }
    // An expression is known to the running job alone.
    (!value.is_empty() && !value.contains("${{")).then(|| value.to_owned())
}

fn line(text: &str) -> Option<Line<'_>> {
    let rest = text.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        return None;
    }
    let (key, value) = rest.split_once(':')?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    let unquoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let value = unquoted.unwrap_or(value);
    Some(Line { indent: text.len() - rest.len(), key: key.trim_matches(['"', '\'']), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
name: release
on:
  push:
    tags: [\"v*\"]
permissions: {}
jobs:
  build:
    runs-on: x
    steps:
      - name: id-token
        run: echo 'id-token: write'
  stage:
    environment: testpypi
    permissions:
      contents: read # to check out
      id-token: write # to be known
  publish:
    environment:
      url: https://pypi.org/p/x
      name: 'pypi' # protected
    permissions:
      id-token: write
  odd:
    environment: ${{ inputs.where }}
    permissions:
      id-token: \"write\"
";

    fn found(text: &str) -> Vec<(String, Option<String>)> {
        jobs_of("release.yml", text).into_iter().map(|job| (job.job, job.environment)).collect()
    }

    #[test]
    fn jobs_with_an_identity_are_found_with_their_environments() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found(TEXT),
            [
                ("stage".to_owned(), some("testpypi")),
                ("publish".to_owned(), some("pypi")),
                ("odd".to_owned(), None)
            ]
        );
    }

    #[test]
    fn permissions_of_the_workflow_count_for_jobs_without_their_own() {
        let text =
            "permissions:\n  id-token: write\njobs:\n  a:\n    runs-on: x\n  b:\n    permissions: {}\n";
        assert_eq!(found(text), [("a".to_owned(), None)]);
        assert!(found("on: push\n").is_empty() && found("jobs:\n").is_empty());
    }
}
