"""Differences between groups: curves and means against a reference, and tests."""
