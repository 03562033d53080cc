"""What ``/openapi.json`` says about parameters. The endpoints read them themselves, so FastAPI cannot know."""

from __future__ import annotations

from typing import Any

from ..models import ClientRegistration

_TEXT = {"type": "string"}


def query(*names: str) -> dict[str, Any]:
    """Query parameters, all optional as far as the schema is concerned."""
    return {"parameters": [{"name": name, "in": "query", "required": False, "schema": _TEXT} for name in names]}


def form(*required: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """A form as the body."""
    properties = dict.fromkeys((*required, *optional), _TEXT)
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def registration() -> dict[str, Any]:
    """Client metadata as the body."""
    schema = ClientRegistration.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def client_path() -> dict[str, Any]:
    """The client id in the path."""
    return {"parameters": [{"name": "client_id", "in": "path", "required": True, "schema": _TEXT}]}
