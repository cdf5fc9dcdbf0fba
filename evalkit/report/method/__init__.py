"""How the answers are reached, and what they rest on: one page for the whole site."""
