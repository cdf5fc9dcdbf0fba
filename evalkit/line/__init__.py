"""The vocabulary of the line as data: what every room speaks of, declared once. Nothing here
computes."""
