"""Offline metrics of ranked lists, and intervals on their differences."""
