"""Nothing but requirements."""
