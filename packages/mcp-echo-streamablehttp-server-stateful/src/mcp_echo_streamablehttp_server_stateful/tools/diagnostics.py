"""Tools that show a request and the service as they are: headers, timing, CORS, environment, health."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

import psutil

from ..service.masking import header_value, is_secret_name, mask, without_userinfo
from .bearer import describe_duration
from .call import Call
from .catalogue import EchoTool, Reply

_FORWARDED = ("x-forwarded-", "x-real-ip", "x-traefik-", "forwarded")
_AUTHENTICATION = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-auth-token",
        "cookie",
        "x-user-id",
        "x-user-name",
        "x-client-id",
        "x-scope",
    }
)
_PREFLIGHT = ("access-control-request-method", "access-control-request-headers")
_RATINGS = ((10.0, "excellent"), (50.0, "good"), (100.0, "acceptable"))


class SessionFigures(Protocol):
    """What the diagnostic tools may know about sessions: figures, never other callers' ids."""

    def age(self, call: Call) -> float | None:
        """Seconds since the call's own session began."""

    def counts(self) -> Mapping[str, int]:
        """Live sessions by kind."""


class Diagnostics:
    """The diagnostic tools of one service."""

    def __init__(self, version: str, figures: SessionFigures) -> None:
        self._version = version
        self._figures = figures
        self._started = time.monotonic()
        self._process = psutil.Process()
        self._process.cpu_percent()

    def tools(self) -> tuple[EchoTool, ...]:
        """The tools in the order of ``tools/list``."""
        return (
            EchoTool(
                "requestTiming",
                "Request timing",
                "Shows when this request arrived, how long it has taken and how busy the machine is.",
                self.request_timing,
            ),
            EchoTool(
                "corsAnalysis",
                "CORS analysis",
                "Shows the Origin and preflight headers of this request and who sets CORS headers.",
                self.cors_analysis,
            ),
            EchoTool(
                "environmentDump",
                "Environment",
                "Shows the MCP_* and LOG_* variables of the service, secrets masked.",
                self.environment_dump,
                {
                    "showSecrets": {
                        "type": "boolean",
                        "default": False,
                        "description": "Show the first and last 4 characters of secrets; works only with --debug.",
                    }
                },
            ),
            EchoTool(
                "healthProbe",
                "Health probe",
                "Shows status, versions and resource use of the service.",
                self.health_probe,
            ),
        )

    async def request_timing(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """Arrival, elapsed time and rating of the request; CPU and memory; age of its session."""
        elapsed = call.record.elapsed_ms
        memory = psutil.virtual_memory()
        lines = [
            "Request timing",
            f"received: {_utc(call.record.received_at)}",
            f"now: {_utc(time.time())}",
            f"elapsed: {elapsed:.3f} ms ({rating(elapsed)})",
            f"cpu: {psutil.cpu_percent():.1f} % of {psutil.cpu_count()} cores",
            f"memory: {memory.percent:.1f} % of {memory.total // 2**20} MiB",
        ]
        age = self._figures.age(call)
        if age is not None:
            lines.append(f"session age: {describe_duration(age)}")
        return Reply("\n".join(lines))

    async def cors_analysis(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """The request's side of CORS, and this service's."""
        headers = call.headers
        origins = call.settings.cors_origins
        lines = ["CORS analysis", f"Origin: {headers.get('origin', '(absent: not a cross-origin browser request)')}"]
        lines += [f"{name}: {headers.get(name, '(absent)')}" for name in _PREFLIGHT]
        lines.append(f"MCP_CORS_ORIGINS: {', '.join(origins) if origins else '(empty)'}")
        if not origins:
            lines.append("CORS headers: none set here; the edge proxy has to set them")
        else:
            origin = headers.get("origin")
            matches = "*" in origins or origin in origins
            verdict = "no Origin to answer" if origin is None else "Origin listed" if matches else "Origin not listed"
            lines.append(f"CORS headers: set by this service, without credentials ({verdict})")
        return Reply("\n".join(lines))

    async def environment_dump(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """The service's own variables; unmasking takes ``showSecrets`` and the debug switch."""
        wanted = bool(arguments.get("showSecrets", False))
        unmask = wanted and call.settings.debug
        variables = call.settings.environment
        names = sorted(name for name in variables if name.startswith(("MCP_", "LOG_")))
        lines = ["Environment (MCP_* and LOG_* only)"]
        lines += [f"{name}={_variable(name, variables[name], unmask)}" for name in names] or ["(none set)"]
        if wanted and not unmask:
            lines.append("showSecrets ignored: the service does not run with --debug")
        return Reply("\n".join(lines))

    async def health_probe(self, call: Call, arguments: dict[str, Any]) -> Reply:
        """Status, versions, sessions, process and disk."""
        with self._process.oneshot():
            resident = self._process.memory_info().rss
            busy = self._process.cpu_percent()
        disk = psutil.disk_usage(str(Path.cwd()))
        data = {
            "status": "healthy",
            "version": self._version,
            "python": platform.python_version(),
            "protocolVersions": list(call.settings.protocol.supported),
            "uptimeSeconds": round(time.monotonic() - self._started, 3),
            "process": {"cpuPercent": busy, "rssBytes": resident},
            "disk": {"usedPercent": disk.percent, "freeBytes": disk.free},
            "sessions": dict(self._figures.counts()),
        }
        sessions = ", ".join(f"{count} {kind}" for kind, count in self._figures.counts().items()) or "none kept"
        lines = [
            "Health probe",
            "status: healthy",
            f"version: {self._version} (Python {data['python']})",
            f"protocol versions: {', '.join(call.settings.protocol.supported)}",
            f"uptime: {describe_duration(time.monotonic() - self._started)}",
            f"process: {busy:.1f} % CPU, {resident / 2**20:.1f} MiB resident",
            f"disk: {disk.percent:.1f} % used, {disk.free // 2**20} MiB free",
            f"sessions: {sessions}",
        ]
        return Reply("\n".join(lines), data)


def print_header_tool() -> EchoTool:
    """The tool that shows the caller's own headers."""
    return EchoTool(
        "printHeader",
        "Print headers",
        "Shows the HTTP headers of this request in groups, credentials masked.",
        print_header,
        {
            "category": {
                "type": "string",
                "enum": ["auth", "standard", "mcp", "custom"],
                "description": "Show only this kind of header.",
            }
        },
    )


async def print_header(call: Call, arguments: dict[str, Any]) -> Reply:
    """Headers grouped by origin; ``category`` narrows them."""
    category = arguments.get("category")
    shown = sorted(
        (name, header_value(name, value))
        for name, value in call.headers.items()
        if category is None or _category(name) == category
    )
    groups: dict[str, list[str]] = {"Forwarded": [], "Authentication": [], "Request": []}
    for name, value in shown:
        groups[_group(name)].append(f"  {name}: {value}")
    title = f"HTTP headers ({category})" if category else "HTTP headers"
    lines = [title]
    for label, entries in groups.items():
        if entries:
            lines += [f"{label}:", *entries]
    if not shown:
        lines.append("(none)")
    return Reply("\n".join(lines))


def rating(elapsed_ms: float) -> str:
    """The word for an elapsed time."""
    return next((word for limit, word in _RATINGS if elapsed_ms < limit), "slow")


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")


def _group(name: str) -> str:
    if name.startswith(_FORWARDED):
        return "Forwarded"
    return "Authentication" if name in _AUTHENTICATION else "Request"


def _category(name: str) -> str:
    if name in _AUTHENTICATION:
        return "auth"
    if name.startswith("mcp-"):
        return "mcp"
    return "custom" if name.startswith("x-") else "standard"


def _variable(name: str, value: str, unmask: bool) -> str:
    if is_secret_name(name):
        return mask(value) if unmask else "****"
    return without_userinfo(value)
