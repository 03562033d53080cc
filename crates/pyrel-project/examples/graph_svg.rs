//! Writes the graph of the workspace in a directory as SVG: `graph_svg DIRECTORY FILE`.

use std::path::Path;

use pyrel_project::Workspace;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, file] = arguments.as_slice() else {
        return Err("usage: graph_svg DIRECTORY FILE".into());
    };
    let workspace = Workspace::discover(Path::new(directory))?;
    fs_err::write(file, workspace.graph().to_svg())?;
    Ok(())
}
