"""Cells, rows and tables held against their contract; what fails is set aside and named."""
