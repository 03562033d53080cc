"""The bridge between a host on stdio and a server on streamable HTTP."""

from __future__ import annotations
