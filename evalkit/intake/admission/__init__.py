"""The way of a delivery into a run: found, searched, checked, and admitted whole or not at all."""
