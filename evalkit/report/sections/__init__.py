"""The sections of a page, one module for each question that it answers."""
