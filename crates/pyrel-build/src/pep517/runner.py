"""Calls one hook of a PEP 517 build backend.

The only argument is the path of a JSON file with the task; the answer goes to the file that the task names.
Runs in the isolated environment of the build, in the folder of the source tree.
"""

import importlib
import json
import os
import sys


def load(task):
    """Import the backend object, from inside the project where it says so."""
    sys.path[:0] = [os.path.abspath(path) for path in task["backend_path"]]
    module, _, attributes = task["backend"].partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attributes.split(".")):
        backend = getattr(backend, name)
    return backend


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    os.environ["PATH"] = task["bin_dir"] + os.pathsep + os.environ.get("PATH", os.defpath)
    backend = load(task)
    hook = getattr(backend, task["hook"], None)
    if hook is None and task["hook"].startswith("get_requires_for_"):
        answer = []
    elif hook is None:
        sys.exit("%s has no hook %s" % (task["backend"], task["hook"]))
    elif task["hook"] == "build_wheel":
        answer = hook(task["arguments"][0], None, None)
    else:
        answer = hook(*task["arguments"], None)
    with open(task["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


main()
