"""What a city is assumed to be: one YAML file, its sections, and worlds that change it."""
