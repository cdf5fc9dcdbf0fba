"""Estimates of evalkit beside real experiments, whose answer is known: `make scorecard`."""
