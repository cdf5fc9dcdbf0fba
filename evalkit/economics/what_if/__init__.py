"""Answers to "what if": declared cohorts and scenarios, valued by the same ledger."""
