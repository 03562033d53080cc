"""Authorization: the credential store, the rules for OAuth addresses, and the provider that signs requests."""

from __future__ import annotations
