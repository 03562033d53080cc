"""HTML pages. Everything that is not markup of this module is escaped; no scripts, no foreign resources."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.4rem; } dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; overflow-wrap: anywhere; }
.warning { border-left: 4px solid #b45309; background: #fef3c7; padding: .6rem .8rem; }
button { font: inherit; padding: .4rem 1.2rem; margin: 1rem .6rem 0 0; } input { font: inherit; padding: .3rem; }
"""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str) -> Markup:
    """An element with escaped content and attributes; a trailing underscore of an attribute's name is dropped."""
    shown = "".join(f' {name.rstrip("_")}="{escape(value)}"' for name, value in attributes.items())
    inner = "".join(part if isinstance(part, Markup) else escape(part) for part in content)
    return Markup(f"<{tag}{shown}>{inner}</{tag}>")


def empty_element(tag: str, **attributes: str) -> Markup:
    """An element without content or end tag."""
    shown = "".join(f' {name.rstrip("_")}="{escape(value)}"' for name, value in attributes.items())
    return Markup(f"<{tag}{shown}>")


def page(title: str, *content: Markup, status: int = 200, form_targets: Iterable[str] = ()) -> HTMLResponse:
    """A page that may not be framed, cached or scripted, and whose forms lead only to ``form_targets``."""
    nonce = secrets.token_urlsafe(16)
    style = Markup(f'<style nonce="{nonce}">{_STYLE}</style>')
    head = element(
        "head",
        empty_element("meta", charset="utf-8"),
        empty_element("meta", name="viewport", content="width=device-width"),
        element("title", title),
        style,
    )
    body = element("body", element("h1", title), *content)
    targets = " ".join(dict.fromkeys(("'self'", *form_targets)))
    policy = (
        f"default-src 'none'; style-src 'self' 'nonce-{nonce}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(
        Markup("<!doctype html>") + element("html", head, body, lang="en"),
        status,
        headers={
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )


def message_page(title: str, text: str, status: int = 200) -> HTMLResponse:
    """A page with one paragraph."""
    return page(title, element("p", text), status=status)


@dataclass(frozen=True)
class Question:
    """What the user is asked to approve."""

    client_name: str
    client_host: str | None
    redirect_host: str | None
    loopback: bool
    scopes: Sequence[str]
    resource: str | None


def consent_page(question: Question, request_id: str, csrf_token: str, form_targets: Iterable[str]) -> HTMLResponse:
    """Asks whether the client may act for the user."""
    facts = [("Application", question.client_name)]
    if question.client_host:
        facts.append(("Identified by its address at", question.client_host))
    if question.redirect_host:
        facts.append(("Sends you back to", question.redirect_host))
    facts.append(("May", ", ".join(question.scopes) or "nothing but know who you are"))
    facts.append(("At", question.resource or "no particular service"))
    listed = element("dl", *(part for name, value in facts for part in (element("dt", name), element("dd", value))))
    warnings = []
    if question.loopback:
        text = (
            "This application runs on your own computer, where its name cannot be verified. "
            "Approve only if you just started it yourself."
        )
        warnings.append(element("p", text, class_="warning"))
    form = element(
        "form",
        empty_element("input", type="hidden", name="request_id", value=request_id),
        empty_element("input", type="hidden", name="csrf_token", value=csrf_token),
        element("button", "Approve and sign in with GitHub", name="decision", value="approve"),
        element("button", "Deny", name="decision", value="deny"),
        method="post",
        action="/consent",
    )
    return page("Allow this application?", listed, *warnings, form, form_targets=form_targets)


def device_page(user_code: str, csrf_token: str, note: str | None = None, status: int = 200) -> HTMLResponse:
    """Asks for the code a device shows."""
    form = element(
        "form",
        empty_element("input", type="hidden", name="csrf_token", value=csrf_token),
        element("label", "Code ", empty_element("input", name="user_code", value=user_code, autocomplete="off")),
        Markup(" "),
        element("button", "Continue"),
        method="post",
        action="/device",
    )
    notes = [element("p", note, class_="warning")] if note else []
    return page("Connect a device", *notes, element("p", "Enter the code your device shows."), form, status=status)


def success_page(facts: Sequence[tuple[str, str]]) -> HTMLResponse:
    """Shows what a client without a listener of its own asks the user to paste."""
    if not facts:
        return message_page("Done", "You may close this window.")
    listed = element("dl", *(part for name, value in facts for part in (element("dt", name), element("dd", value))))
    return page("Copy this into your application", listed)
