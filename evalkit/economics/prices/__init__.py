"""Prices and rates: dated records, the price book and its rules, and what a place costs."""
