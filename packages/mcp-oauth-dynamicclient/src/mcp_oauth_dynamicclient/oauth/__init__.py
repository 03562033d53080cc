"""The OAuth endpoints on Authlib: what it leaves to the application, which is storage and policy."""
