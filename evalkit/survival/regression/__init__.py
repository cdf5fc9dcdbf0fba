"""How leaving depends on who people are: Cox, Fine-Gray and discrete-time hazards."""
