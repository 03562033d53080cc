"""A server of tools for several clusters."""

import argparse
import os
from pathlib import Path

import src.utils.kube
from src.tools import contexts, namespaces
from src.utils import kube as helpers

BANNER = (Path(__file__).parent / "prompts" / "banner.txt").read_text().strip()
TOOLS = [contexts.list_contexts, namespaces.list_namespaces]


def describe():
    return f"{BANNER}: " + ",".join(tool() for tool in TOOLS) + f" in {directory}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--upper", action="store_true")
    options = parser.parse_args()
    directory = os.environ.get("KUBECONFIG_DIR", helpers.DEFAULT)
    text = describe()
    print(text.upper() if options.upper else text, src.utils.kube.DEFAULT == helpers.DEFAULT)
