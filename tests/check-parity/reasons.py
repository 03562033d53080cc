"""Why pyrel's verdict differs from another tool's. A difference that is not covered here fails the run."""

from __future__ import annotations

# Rules that say in the packaging library's words what the packaging library says.
PACKAGING_RULES = {
    "description-content-type",
    "import-name",
    "license-expression",
    "license-file-path",
    "metadata-field-version",
    "metadata-version",
    "project-version",
    "provides-extra",
    "requires-dist",
    "requires-python",
    "summary-line",
    "dynamic-field",
}

# What twine refuses and pyrel does not, by case. Nothing at the moment.
LAXER_THAN_TWINE: dict[str, str] = {}

# What check-wheel-contents complains about and pyrel may pass.
CODES = {
    "W001": "Bytecode is only ballast; installers write their own.",
    "W002": "Two files with the same content are no fault: modules of one line are often alike.",
    "W003": "A file that is no module at the top is installed, but it breaks nothing.",
    "W004": "A module that cannot be imported from where it lies may be data.",
    "W005": "A common name at the top may be meant.",
    "W006": "An `__init__.py` at the top does nothing.",
    "W007": "A wheel without a library may bring scripts or data, or only dependencies.",
    "W008": "A wheel without files may bring dependencies only.",
    "W009": "Several packages in one wheel are common (a library and its plugin).",
    "W010": "A directory without modules may be data or a namespace.",
}


# How the message begins that says of PyPI that it fails on a content type instead of refusing it.
CRASH = "PyPI fails with an internal error (500) on a content type"

# Fields of which some forms are left to PyPI: only its paths of Windows can say what a drive without a slash is.
UNDECIDED = ("License-File",)

# What is to be said of single rules, beyond whose rule it is.
OF_RULES = {
    "description-content-type": "PyPI's version of the library takes `UTF-8` in capitals only, twine's takes any.",
    "description-markdown": "PyPI refuses a description that renders to nothing; twine never renders Markdown.",
    "dynamic-field": "PyPI allows fewer fields than the library that twine asks.",
    "stdlib-name": "PyPI refuses the name to a new project; a warning, because an old one may have it.",
}


def stricter(sources: set[str], rules: list[str], *, by_twine: bool) -> str:
    """Returns why pyrel fails a file that another tool passes."""
    if by_twine and len(rules) == 1 and rules[0] in OF_RULES:
        return OF_RULES[rules[0]]
    if "pypi" in sources:
        return "PyPI refuses the upload; the other tool does not look at that."
    if sources == {"pyrel"}:
        return "pyrel's own judgement: the upload would succeed, and people would have trouble."
    if "twine" in sources:
        return "twine's own rule, which the other tool does not have."
    return ""


def is_stricter(message: str) -> bool:
    """Tells whether a rule says what PyPI adds to the library: it allows fewer dynamic fields."""
    return message.startswith("Dynamic field ")


def is_known_elsewhere(message: str) -> bool:
    """Tells whether another rule of pyrel says it in the server's words: the name is tested in the form already."""
    return message.endswith("is invalid for 'name'") or message == "'name' is a required field"
