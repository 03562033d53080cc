"""The HTTP side: routes, pages, cookies, limits. What OAuth says about a request is decided in :mod:`..oauth`."""
