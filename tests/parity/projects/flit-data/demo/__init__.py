"""A demo."""
