"""Is the common process kept: papers, follow-ups, dose, absence, abilities; the private list."""
