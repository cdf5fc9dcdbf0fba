"""The target trials of an intervention: who could start when, and what was known before."""
