//! The module behind the console script: answers `--version` before it imports the program, then starts it.

use super::entry::Start;

/// What the module starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The dotted name of the module.
    pub(super) module: String,
    pub(super) start: Start,
}

/// Names for the module, the first that is free counts.
pub(super) const NAMES: &[&str] = &["__main__", "cli", "_cli", "_start"];

/// Returns the source of the module.
pub(super) fn source(name: &str, target: &Target) -> String {
    let module = &target.module;
    let mut imports = String::new();
    let body = match &target.start {
        Start::Module => {
            format!(
                "    import runpy\n\n    runpy.run_module(\"{module}\", run_name=\"__main__\", alter_sys=True)\n    return 0\n"
            )
        }
        Start::Function { name: function, is_async, is_exit } => {
            let (top, rest) = function.split_once('.').unwrap_or((function, ""));
            let called = if rest.is_empty() { "start()".to_owned() } else { format!("start.{rest}()") };
            let call = if *is_async { format!("asyncio.run({called})") } else { called };
            let alias = if top == "start" { String::new() } else { " as start".to_owned() };
            if *is_async {
                imports.push_str("import asyncio\n");
            }
            let end =
                if *is_exit { format!("    return {call}\n") } else { format!("    {call}\n    return 0\n") };
            format!("    from {module} import {top}{alias}\n\n{end}")
        }
    };
    format!(
        "\"\"\"The command `{name}`: answers `--version` before anything else is imported.\"\"\"\n\n{imports}import sys\n\n\n\
         def main():\n    \"\"\"Answer `--version`, or start the program.\"\"\"\n    if sys.argv[1:] == [\"--version\"]:\n        \
         from importlib.metadata import version\n\n        print(\"{name}\", version(\"{name}\"))\n        return 0\n\n{body}\n\n\
         if __name__ == \"__main__\":\n    sys.exit(main())\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_has_its_call() {
        let of = |start: Start| source("demo", &Target { module: "demo.app".to_owned(), start });
        let function =
            |name: &str, is_async, is_exit| Start::Function { name: name.to_owned(), is_async, is_exit };
        assert!(
            of(Start::Module)
                .contains("runpy.run_module(\"demo.app\", run_name=\"__main__\", alter_sys=True)")
        );
        assert!(
            of(function("main", false, true))
                .contains("    from demo.app import main as start\n\n    return start()\n")
        );
        let text = of(function("run", true, false));
        assert!(
            text.contains("import asyncio\nimport sys\n")
                && text.contains("    asyncio.run(start())\n    return 0\n")
        );
        assert!(
            of(function("App.run", false, true)).contains("import App as start\n\n    return start.run()\n")
        );
    }
}
