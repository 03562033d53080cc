"""The compose file of the documentation: it starts what exists, with what it knows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import compose
import pytest
import tomllib
import yaml

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {
    "auth": "mcp-oauth-dynamicclient",
    "echo-stateful": "mcp-echo-streamablehttp-server-stateful",
    "echo-stateless": "mcp-echo-streamablehttp-server-stateless",
    "fetch": "mcp-fetch-streamablehttp-server",
    "proxy": "mcp-streamablehttp-proxy",
}
REQUIRED = {
    "BASE_DOMAIN": "example.org",
    "GITHUB_CLIENT_ID": "id",
    "GITHUB_CLIENT_SECRET": "not-a-real-secret",
    "ALLOWED_GITHUB_USERS": "alice",
    "JWT_PRIVATE_KEY_B64": "key",
    "REDIS_PASSWORD": "not-a-real-secret",
}
each_package = pytest.mark.parametrize("service", PACKAGES)


@pytest.fixture
def services():
    return compose.services(REQUIRED)


def sources(service: str) -> str:
    files = (ROOT / "packages" / PACKAGES[service] / "src").rglob("*.py")
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_services_of_the_picture(services):
    assert set(services) == {"redis", "edge", *PACKAGES}


@pytest.mark.parametrize("variable", REQUIRED)
def test_required_variable(variable):
    with pytest.raises(KeyError, match=variable):
        compose.services({name: value for name, value in REQUIRED.items() if name != variable})


@each_package
def test_command_is_a_console_script_of_the_package(services, service):
    metadata = tomllib.loads((ROOT / "packages" / PACKAGES[service] / "pyproject.toml").read_text(encoding="utf-8"))
    assert services[service]["command"][0] in metadata["project"]["scripts"]


@each_package
def test_image_installs_the_package_in_its_version(services, service):
    metadata = tomllib.loads((ROOT / "packages" / PACKAGES[service] / "pyproject.toml").read_text(encoding="utf-8"))
    recipe = services[service]["build"]["dockerfile_inline"]
    assert f"{PACKAGES[service]}=={metadata['project']['version']}" in recipe
    assert "USER nobody" in recipe


@each_package
def test_flags_are_known(services, service):
    command = services[service]["command"]
    own = command[: command.index("--")] if "--" in command else command
    flags = {part for part in own if part.startswith("--")}
    script = Path(sys.executable).parent / command[0]
    found = str(script) if script.exists() else shutil.which(command[0])
    assert found, f"not installed: {command[0]}"
    usage = subprocess.run([found, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert {flag for flag in flags if not re.search(rf"{flag}\b", usage)} == set()


@each_package
def test_variables_are_read(services, service):
    text = sources(service)
    unread = {
        name
        for name in services[service]["environment"]
        if not re.search(rf"\b{name}\b", text) and not re.search(rf"^    {name.lower()}: ", text, re.MULTILINE)
    }
    assert unread == set()


def test_edge_gets_what_its_file_reads(services):
    text = compose.CADDYFILE.read_text(encoding="utf-8")
    read = dict(re.findall(r"\{\$([A-Z_]+):([^}]*)\}", text))
    assert set(services["edge"]["environment"]) <= set(read)
    addresses = {name: value for name, value in read.items() if "UPSTREAM" in name}
    for address in addresses.values():
        name, _, port = address.partition(":")
        assert name in services
        if name == "auth":
            assert port in services[name]["command"]
        else:
            assert port in services[name]["environment"].values()
    assert len(addresses) == len(PACKAGES)


def test_only_the_edge_is_reachable_from_outside(services):
    assert [name for name, service in services.items() if "ports" in service] == ["edge"]


def test_no_service_meets_another_but_the_edge(services):
    met = {name: set(service["networks"]) - {"store"} for name, service in services.items() if name != "edge"}
    assert services["redis"]["networks"] == ["store"]
    assert [name for name, service in services.items() if "store" in service["networks"]] == ["redis", "auth"]
    for one in PACKAGES:
        assert met[one] == {one}
    assert set(services["edge"]["networks"]) == set(PACKAGES)


def test_every_variable_is_explained():
    page = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
    edges = re.findall(r"\$\{([A-Z_]+)\}", compose.NGINX.read_text(encoding="utf-8"))
    assert {name for name in {*compose.variables(), *edges} if f"`{name}`" not in page} == set()


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("mcp-streamablehttp-client --help", "--server-url"),
        ("mcp-streamablehttp-client --help", "--list-tools"),
        ("python -m mcp_oauth_dynamicclient --help", "create-keys"),
        ("python -m mcp_oauth_dynamicclient --help", "generate-secret"),
    ],
)
def test_commands_of_the_page_exist(command: str, word: str):
    assert word in (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
    program, *arguments = command.split()
    found = sys.executable if program == "python" else str(Path(sys.executable).parent / program)
    assert word in subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=True).stdout


def test_volumes_are_declared(services):
    document = yaml.safe_load(compose.COMPOSE.read_text(encoding="utf-8"))
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(document["volumes"])
    for name in used:
        assert not name.startswith(".") or (compose.DIRECTORY / name).exists()
