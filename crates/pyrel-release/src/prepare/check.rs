//! The built files pass the check.

use pyrel_dist::FileReport;
use pyrel_model::{Level, PackageName};

use super::{Line, LineId, secret};

const ID: LineId = LineId::Check;

/// Judges the reports about a package's built files. What the rules about secrets found is for the line about secrets.
#[must_use]
pub fn check_line(package: &PackageName, reports: &[&FileReport]) -> Line {
    let findings = || {
        let all = reports.iter().flat_map(|file| file.findings.iter().map(move |finding| (*file, finding)));
        all.filter(|(_, finding)| !secret::is_about_secrets(finding))
    };
    let of = |level: Level| findings().filter(move |(_, finding)| finding.level == level);
    let (errors, warnings) = (of(Level::Error).count(), of(Level::Warning).count());
    if reports.is_empty() {
        return Line::skipped(ID, "there is nothing to check without a build").of(package);
    }
    let worst = of(Level::Error).chain(of(Level::Warning)).next();
    let Some((file, finding)) = worst else {
        return Line::ok(ID, format!("{} pass every rule", files(reports.len()))).of(package);
    };
    let more = match errors + warnings {
        1 => String::new(),
        2 => ", and 1 more".to_owned(),
        count => format!(", and {} more", count - 1),
    };
    let reason = format!("{}: {} [{}]{more}", file.filename, finding.message, finding.rule);
    let line = if errors > 0 { Line::failed(ID, reason) } else { Line::warning(ID, reason) };
    let all = format!("`pyrel build {package} && pyrel check {package}` tells all");
    let remedy = finding.hint.as_ref().map_or_else(|| all.clone(), |hint| format!("{hint}; {all}"));
    line.of(package).remedy(remedy)
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
