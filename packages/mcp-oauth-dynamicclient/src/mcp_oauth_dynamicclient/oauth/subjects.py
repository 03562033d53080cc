"""Whom tokens are for, from sign-in to issuance. Plain data that survives the store as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..secrets_at_rest import new_id


@dataclass(frozen=True)
class Subject:
    """A user, the resource the tokens are for, and the family they belong to.

    ``scope`` is what the user granted; an access token may hold less.
    ``jti`` is that of the access token about to be issued.
    """

    sub: str
    username: str
    name: str
    email: str | None
    resource: str | None = None
    scope: str = ""
    family: str = field(default_factory=new_id)
    family_start: int = field(default_factory=lambda: int(time.time()))
    jti: str = field(default_factory=new_id, compare=False)

    def get_user_id(self) -> str:
        """For Authlib: the ``sub`` claim."""
        return self.sub

    def claims(self, scope: str) -> dict[str, str]:
        """The claims about the user; the address only with the scope for it."""
        claims = {"username": self.username, "name": self.name}
        if self.email and "email" in scope.split():
            claims["email"] = self.email
        return claims


@dataclass(frozen=True)
class Grant:
    """A record of the store that stands for tokens to come: a code, a refresh token or an approved device."""

    client_id: str
    subject: Subject
    redirect_uri: str | None = None
    code_challenge: str | None = None

    def check_client(self, client: Any) -> bool:
        """For Authlib: whether it was given to this client."""
        return bool(client.get_client_id() == self.client_id)

    def get_redirect_uri(self) -> str | None:
        """For Authlib: the redirect URI that must be repeated, if there was one."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """For Authlib: the granted scope."""
        return self.subject.scope

    def record(self) -> str:
        """The grant as JSON. ``family`` lies on top, where the store's scripts look for it."""
        subject = {name: value for name, value in asdict(self.subject).items() if name not in {"jti", "family"}}
        own = {"client_id": self.client_id, "redirect_uri": self.redirect_uri, "code_challenge": self.code_challenge}
        return json.dumps({**own, "family": self.subject.family, "subject": subject})

    @classmethod
    def read(cls, record: str) -> Grant:
        """The grant of a record."""
        document: Mapping[str, Any] = json.loads(record)
        return cls(
            client_id=document["client_id"],
            subject=Subject(family=document["family"], **document["subject"]),
            redirect_uri=document["redirect_uri"],
            code_challenge=document["code_challenge"],
        )
