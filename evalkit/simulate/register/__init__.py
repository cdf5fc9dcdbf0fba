"""The tables that the city's districts would deliver, and the folder they lie in."""
