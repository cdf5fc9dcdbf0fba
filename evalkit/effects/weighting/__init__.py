"""Weights that make the comparison resemble those who started, month by month."""
