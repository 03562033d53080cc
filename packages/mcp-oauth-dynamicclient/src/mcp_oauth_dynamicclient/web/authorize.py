"""From the authorization request to the code: checks, consent, sign-in at GitHub, return to the client.

Order of checks: client, redirect URI, everything else. Before both are known
to be right nothing is ever sent to a redirect URI.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    InvalidRequestError,
    OAuth2Error,
    UnauthorizedClientError,
    UnsupportedResponseTypeError,
)
from starlette.requests import Request
from starlette.responses import Response

from ..clients import RegisteredClient
from ..github import GitHubRefusedError, GitHubUnavailableError, User
from ..models import GRANT_CODE
from ..oauth import device
from ..oauth.faults import InvalidTargetError, TemporarilyUnavailableError, describable
from ..oauth.messages import Incoming, OAuthRequest, Reply
from ..oauth.subjects import Subject
from ..redirects import form_action_source, is_loopback
from ..secrets_at_rest import digest, matches, new_secret
from ..service.log_output import fields
from . import pending
from .bodies import form_of, query_of, respond
from .context import Context
from .cookies import FORM, SIGN_IN, Cookies
from .pages import Question, consent_page, message_page

_FORM_SECONDS = pending.AUTHREQ_SECONDS
_LONGEST_STATE = 4096
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A valid question to the user, to be shown with its tokens."""

    question: Question
    request_id: str
    csrf_token: str
    form_targets: tuple[str, ...]


class AuthorizationEndpoints:
    """``/authorize``, ``/consent`` and ``/callback``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._cookies = Cookies(context.settings)

    # The request

    async def authorize(self, request: Request) -> Response:
        """Shows the consent page, or says what is wrong."""
        incoming = await form_of(request) if request.method == "POST" else query_of(request)
        fault = await self._context.know_document(request, incoming.value("client_id"))
        browser = self._cookies.read_or_new(request, FORM)
        outcome = await to_thread.run_sync(self._prepare, incoming, fault, digest(browser))
        if isinstance(outcome, Response):
            return outcome
        return self.ask(outcome, browser)

    def ask(self, asked: Asked, browser: str) -> Response:
        """The consent page, tied to the browser it is sent to."""
        response = consent_page(asked.question, asked.request_id, asked.csrf_token, asked.form_targets)
        self._cookies.set(response, FORM, browser, _FORM_SECONDS)
        return response

    def _prepare(self, incoming: Incoming, fault: str | None, browser_digest: str) -> Asked | Response:
        if fault is not None:
            return message_page("This application is not known", fault, 400)
        client = self._context.oauth.query_client(incoming.value("client_id") or "")
        if client is None or len(incoming.values("client_id")) != 1:
            return message_page("This application is not known", "The client_id is missing or unknown.", 400)
        redirect_uri = _redirect_uri(incoming, client)
        if redirect_uri is None:
            text = "The redirect_uri is missing or not one the application registered."
            return message_page("This request is not valid", text, 400)
        state = incoming.value("state") if len(incoming.values("state")) == 1 else None
        try:
            request = self._validated(incoming, client)
        except OAuth2Error as error:
            return respond(self._context.oauth.authorization_error(redirect_uri, error, state))
        return self._question(incoming, request, client, redirect_uri, browser_digest)

    def _validated(self, incoming: Incoming, client: RegisteredClient) -> OAuthRequest:
        """Everything but client and redirect URI, first what Authlib does not look at."""
        repeated = incoming.repeated()
        if "resource" in repeated:
            raise InvalidTargetError("only one resource can be granted at a time")
        if repeated:
            raise InvalidRequestError("a parameter occurs more than once")
        response_type = incoming.value("response_type")
        if response_type is None:
            raise InvalidRequestError("response_type is required")
        if response_type != "code":
            raise UnsupportedResponseTypeError(describable(response_type))
        if incoming.value("response_mode") not in {None, "query"}:
            raise InvalidRequestError("response_mode must be query")
        if incoming.value("request") or incoming.value("request_uri"):
            raise InvalidRequestError("request objects are not supported")
        if len(incoming.value("state") or "") > _LONGEST_STATE:
            raise InvalidRequestError("state is too long")
        if not client.check_grant_type(GRANT_CODE):
            raise UnauthorizedClientError("the client did not register the authorization_code grant")
        request: OAuthRequest = self._context.oauth.get_consent_grant(incoming).request
        return request

    def _question(
        self,
        incoming: Incoming,
        request: OAuthRequest,
        client: RegisteredClient,
        redirect_uri: str,
        browser_digest: str,
    ) -> Asked:
        waiting = pending.AuthorizationRequest(
            parameters=[(name, value) for name, value in incoming.parameters if value],
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            scope=request.scope or "",
            browser_digest=browser_digest,
        )
        question = question_about(client, redirect_uri, waiting.scope, request.resource)
        return ask_later(self._context, waiting, question)

    # The decision

    async def consent(self, request: Request) -> Response:
        """Takes the decision; sends who approves to GitHub."""
        incoming = await form_of(request)
        origin = request.headers.get("origin")
        browser = self._cookies.read(request, FORM)
        foreign = origin not in {None, "null", self._context.settings.issuer}
        waiting = None if foreign else await to_thread.run_sync(self._taken, incoming, browser)
        if waiting is None:
            text = "This form is no longer valid. Go back to the application and start again."
            return message_page("This form has expired", text, 400)
        if incoming.value("decision") != "approve":
            return await to_thread.run_sync(self._failed, waiting, AccessDeniedError("the user denied the request"))
        return await to_thread.run_sync(self._to_github, waiting, self._cookies.read_or_new(request, SIGN_IN))

    def _taken(self, incoming: Incoming, browser: str | None) -> pending.AuthorizationRequest | None:
        """The request the form is about, once, if form and browser prove that it was shown to them."""
        request_id, csrf_token = incoming.value("request_id"), incoming.value("csrf_token")
        if request_id is None or csrf_token is None or browser is None:
            return None
        waiting = pending.read(self._context.store, request_id)
        if waiting is None or incoming.value("decision") not in {"approve", "deny"}:
            return None
        if not (matches(csrf_token, waiting.csrf_digest) and matches(browser, waiting.browser_digest)):
            return None
        return pending.take(self._context.store, request_id)

    def _to_github(self, waiting: pending.AuthorizationRequest, cookie: str) -> Response:
        state, verifier = new_secret(), new_secret()
        timeout = self._context.settings.session_timeout
        pending.keep_sign_in(self._context.store, state, pending.SignIn(waiting, digest(cookie), verifier), timeout)
        url = self._context.github.sign_in_url(state, verifier, email="email" in waiting.scope.split())
        response = respond(Reply(302, "", [("Location", url)]))
        self._cookies.set(response, SIGN_IN, cookie, timeout)
        return response

    # The return from GitHub

    async def callback(self, request: Request) -> Response:
        """Finishes the sign-in and returns to the client."""
        incoming = query_of(request)
        state, cookie = incoming.value("state"), self._cookies.read(request, SIGN_IN)
        sign_in = await to_thread.run_sync(pending.take_sign_in, self._context.store, state) if state else None
        if sign_in is None or cookie is None or not matches(cookie, sign_in.cookie_digest):
            text = "This sign-in was not started in this browser, has expired or is finished already."
            return message_page("Sign-in failed", text, 400)
        waiting = sign_in.request
        try:
            user = await self._user(incoming, sign_in)
        except OAuth2Error as error:
            return await to_thread.run_sync(self._failed, waiting, error)
        if fault := await self._context.know_document(request, waiting.client_id):
            return message_page("This application is not known", fault, 400)
        return await to_thread.run_sync(self._finish, waiting, user)

    async def _user(self, incoming: Incoming, sign_in: pending.SignIn) -> User:
        """Who signed in. What GitHub says about failures stays here."""
        code = incoming.value("code")
        if incoming.value("error") == "access_denied":
            raise AccessDeniedError("the sign-in was declined")
        if incoming.value("error") or code is None:
            raise TemporarilyUnavailableError("the sign-in could not be completed")
        try:
            email = "email" in sign_in.request.scope.split()
            user = await self._context.github.user_of(code, sign_in.verifier, email=email)
        except GitHubUnavailableError as error:
            _logger.warning(fields("github_unavailable", {"reason": str(error)}))
            raise TemporarilyUnavailableError("the sign-in service does not answer") from error
        except GitHubRefusedError as error:
            _logger.warning(fields("github_refused", {"reason": str(error)}))
            raise AccessDeniedError("the sign-in was not accepted") from error
        if not self._context.settings.allows_user(user.login):
            _logger.warning(fields("user_refused", {"user": user.login}))
            raise AccessDeniedError("the user may not use this server")
        return user

    def _finish(self, waiting: pending.AuthorizationRequest, user: User) -> Response:
        subject = Subject(sub=user.sub, username=user.login, name=user.name, email=user.email)
        _logger.info(fields("authorized", {"user": user.login, "client": waiting.client_id[:128]}))
        if waiting.device_digest is not None:
            done = device.decide(self._context.store, waiting.device_digest, subject)
            text = "Your device is connected." if done else "The code has expired. Start again on your device."
            return message_page("Done" if done else "Too late", text, 200 if done else 400)
        oauth = self._context.oauth
        request = oauth.create_oauth2_request(Incoming("GET", "/authorize", waiting.parameters))
        if oauth.query_client(waiting.client_id) is None:
            return message_page("This application is not known", "It was deleted in the meantime.", 400)
        grant: Any = oauth.get_authorization_grant(request)
        return respond(oauth.create_authorization_response(request, subject, grant))

    def _failed(self, waiting: pending.AuthorizationRequest, error: OAuth2Error) -> Response:
        """Tells the client, or the user of a device, why there are no tokens."""
        if waiting.device_digest is None:
            state = dict(waiting.parameters).get("state")
            return respond(self._context.oauth.authorization_error(waiting.redirect_uri, error, state))
        if isinstance(error, AccessDeniedError):
            device.decide(self._context.store, waiting.device_digest, None)
        description = error.get_error_description() or "The request failed."
        return message_page("Your device was not connected", f"{description}.", 403)


def _redirect_uri(incoming: Incoming, client: RegisteredClient) -> str | None:
    """The redirect URI to use, if it is certain."""
    given = incoming.values("redirect_uri")
    if not given:
        return client.get_default_redirect_uri()
    return given[0] if len(given) == 1 and client.check_redirect_uri(given[0]) else None


def question_about(client: RegisteredClient, redirect_uri: str | None, scope: str, resource: str | None) -> Question:
    """What the consent page says."""
    parts = urlsplit(redirect_uri) if redirect_uri else None
    return Question(
        client_name=client.name,
        client_host=client.document_host,
        redirect_host=(parts.netloc or f"{parts.scheme}:") if parts else None,
        loopback=redirect_uri is not None and is_loopback(redirect_uri),
        scopes=scope.split(),
        resource=resource,
    )


def ask_later(context: Context, waiting: pending.AuthorizationRequest, question: Question) -> Asked:
    """Keeps a request until the user decides."""
    request_id, csrf_token = pending.keep(context.store, waiting)
    targets = [context.github.origin]
    if waiting.redirect_uri:
        targets.append(form_action_source(waiting.redirect_uri))
    return Asked(question, request_id, csrf_token, tuple(targets))
