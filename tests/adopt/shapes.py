"""The projects of the folder `projects`, one a shape: what adoption says of them, and how they are tried afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """A project, and what must hold once it is adopted."""

    name: str
    # Words behind `pyrel adopt --yes`.
    flags: tuple[str, ...] = ()
    # Words behind the command, and what it must print.
    command: tuple[str, ...] = ()
    prints: str = ""
    # Python statements that must run in the environment of the installed package.
    tries: str = ""
    # What `pyrel adopt` must say.
    says: tuple[str, ...] = ()
    # What moves, old to new.
    moves: dict[str, str] = field(default_factory=dict)


SERVER = Shape(
    name="k8s-multicluster-demo",
    flags=("--license", "MIT", "--holder", "The Demo Authors"),
    command=("--upper",),
    prints="CLUSTERS: ONE CONTEXT,ONE NAMESPACE IN HOME True\n",
    tries="from k8s_multicluster_demo.tools.namespaces import list_namespaces as of; assert of() == 'one namespace'",
    says=("Dockerfile:3: `app.py` is `src/k8s_multicluster_demo/app.py` now", "README.md:7"),
    moves={
        "app.py": "src/k8s_multicluster_demo/app.py",
        "prompts": "src/k8s_multicluster_demo/prompts",
        "src/__init__.py": "src/k8s_multicluster_demo/__init__.py",
        "src/tools": "src/k8s_multicluster_demo/tools",
        "src/utils": "src/k8s_multicluster_demo/utils",
    },
)

SCRIPT = Shape(
    name="word-count",
    command=("a", "b"),
    prints="2\n",
    tries="import word_count.helper; import tiny_words",
    says=("the licence is not known", "`--extra-index-url` has no place in a package"),
    moves={"word_count.py": "src/word_count/word_count.py", "helper.py": "src/word_count/helper.py"},
)

SRC_PACKAGE = Shape(
    name="src-tool",
    flags=("--name", "src-tool", "--license", "Apache-2.0"),
    prints="42\n",
    tries="import src_tool.core; assert src_tool.__version__ == '2.4.0'",
    moves={
        f"src/{name}": f"src/src_tool/{name}"
        for name in ("__init__.py", "main.py", "core.py", "data_of.py", "values.json")
    },
)

SETUP = Shape(
    name="old-timer",
    command=("now",),
    prints="late now\n",
    tries="import importlib.resources as r; assert r.files('old_timer').joinpath('zones.txt').is_file()",
)

POETRY = Shape(
    name="poetic",
    prints="a word\n",
    tries="import importlib.metadata as m; assert 'tiny-words<2.0,>=1.0' in m.requires('poetic'), m.requires('poetic')",
    says=("poetry.lock: nothing reads this lock any more",),
)

FLAT = Shape(
    name="flat-thing",
    flags=("--name", "flat-thing", "--license", "ISC", "--holder", "The Flat Authors"),
    prints="flat\n",
    tries="import flat_thing.inner",
)

SHAPES = [SERVER, SCRIPT, SRC_PACKAGE, SETUP, POETRY, FLAT]
