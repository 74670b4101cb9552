"""Measurements and checks over public entry points: HTTP and the command line."""
