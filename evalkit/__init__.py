"""evalkit: which labour-market interventions pay off, for whom, and how sure are we?

Rooms are imported on demand, so that `import evalkit` stays quick; a notebook says `from evalkit
import survival`.
"""

__version__ = "0.9.0"
