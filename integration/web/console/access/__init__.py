"""Signing in to the console: one-time links, OpenID Connect, sessions in the store, and signing out everywhere."""
