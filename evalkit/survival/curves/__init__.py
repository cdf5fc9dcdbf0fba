"""Curves from those counts, with their variances: survival, incidence, occupation, means."""
