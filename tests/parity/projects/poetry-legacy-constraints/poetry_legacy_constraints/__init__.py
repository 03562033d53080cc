"""Nothing but dependencies."""
