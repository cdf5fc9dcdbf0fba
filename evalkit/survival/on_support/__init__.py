"""Time on support as a report shows it, from the curves and models of this room."""
