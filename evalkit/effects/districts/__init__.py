"""Comparisons of districts: pooled, standardised and ranked effects, and a case-mix funnel."""
