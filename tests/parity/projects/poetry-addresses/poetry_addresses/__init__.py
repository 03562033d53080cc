"""Nothing but addresses."""
