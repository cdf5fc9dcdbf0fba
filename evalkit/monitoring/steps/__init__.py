"""Do people come closer: readiness for the next step, and moves on the ladder."""
