"""Every word that a reader meets, and how each language writes its numbers."""
