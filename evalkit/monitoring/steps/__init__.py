"""Whether people come closer: readiness for the next step, the ladder, and the time in between."""
