"""The device flow (RFC 8628): a code on another screen, for machines without a browser.

Owns the two requests and the polling between them. Which client and which
token belong to them is the provider's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
from mcp.client.auth.oauth2 import OAuthContext

from mcp_streamablehttp_client.errors import AuthorizationError
from mcp_streamablehttp_client.masking import without_secrets

from .http import OAuthHttp

try:
    # Stops the clock of the MCP request that waits for this flow. Not public: without it a long wait times out.
    from mcp.shared._request_clock import waiting_on_a_person
except ImportError:  # pragma: no cover - the pinned SDK has it
    from contextlib import nullcontext as waiting_on_a_person  # type: ignore[assignment] # a stand-in of the same use

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_ENDPOINT = "device_authorization_endpoint"
_INTERVAL_SECONDS = 5.0
_SLOW_DOWN_SECONDS = 5.0
_LIFE_SECONDS = 600.0


def offered(metadata: dict[str, Any]) -> bool:
    """Whether an authorization server's metadata offers the flow."""
    return isinstance(metadata.get(_ENDPOINT), str)


class DeviceFlow:
    """One code shown to a person, and the token request to repeat until it is used."""

    def __init__(self, http: OAuthHttp, request: httpx2.Request, answer: dict[str, Any]) -> None:
        self.request = request
        self._http = http
        self._interval = _seconds(answer.get("interval"), _INTERVAL_SECONDS)
        self._life = _seconds(answer.get("expires_in"), _LIFE_SECONDS)

    @classmethod
    async def start(
        cls, http: OAuthHttp, context: OAuthContext, metadata: dict[str, Any], show: Callable[[str], None]
    ) -> DeviceFlow:
        """Asks for a code and shows it to the person.

        Raises:
            AuthorizationError: the server refuses, or answers with no code.
        """
        if context.client_info is None or context.oauth_metadata is None:
            raise AuthorizationError("no client is registered", hint="start again")
        data = {"client_id": context.client_info.client_id, "resource": context.get_resource_url()}
        if context.client_metadata.scope:
            data["scope"] = context.client_metadata.scope
        response = await http.send(_form(context, str(metadata[_ENDPOINT]), data), "device authorization endpoint")
        answer = _fields(response)
        if response.status_code != 200 or not isinstance(answer.get("device_code"), str):
            raise _failed(answer, response)
        place, code = str(answer.get("verification_uri", "")), str(answer.get("user_code", ""))
        await http.policy.check(place, "device verification page")
        show(f"To authorize this client, open {place} and enter {' '.join(code.split())}")
        token_data = {
            "grant_type": GRANT,
            "device_code": answer["device_code"],
            "client_id": context.client_info.client_id,
            "resource": context.get_resource_url(),
        }
        return cls(http, _form(context, str(context.oauth_metadata.token_endpoint), token_data), answer)

    async def poll(self) -> httpx2.Response:
        """Repeats the token request as slowly as the server wants, until the code was used.

        Raises:
            AuthorizationError: the person refused, or did not come before the code expired.
        """
        with waiting_on_a_person(), anyio.move_on_after(self._life):
            while True:
                await anyio.sleep(self._interval)
                response = await self._http.send(self.request, "token endpoint")
                answer = _fields(response)
                if answer.get("error") == "slow_down":
                    self._interval += _SLOW_DOWN_SECONDS
                elif answer.get("error") != "authorization_pending":
                    if response.status_code != 200:
                        raise _failed(answer, response)
                    return response
        raise AuthorizationError("nobody entered the device code before it expired", hint="start again")


def _form(context: OAuthContext, url: str, data: dict[str, str]) -> httpx2.Request:
    """A form request with the client authentication of the registration."""
    body, headers = context.prepare_token_auth(data, {"Content-Type": "application/x-www-form-urlencoded"})
    return httpx2.Request("POST", url, data=body, headers=headers)


def _fields(response: httpx2.Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) and value >= 0 else default


def _failed(answer: dict[str, Any], response: httpx2.Response) -> AuthorizationError:
    cause = without_secrets(str(answer.get("error", f"HTTP {response.status_code}")))
    return AuthorizationError(f"the device authorization failed: {cause}", hint="start again and approve the request")
