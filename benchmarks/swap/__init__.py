"""Releases change under load: what fails, what mixes two releases, and how soon a rollback shows."""
