"""Where clients, codes and tokens are kept: one contract, kept by Redis and by an embedded store for one process."""

from __future__ import annotations

from .contract import Issued, Redeemed, Rotated, Store, StoreUnavailableError

__all__ = ["Issued", "Redeemed", "Rotated", "Store", "StoreUnavailableError"]
