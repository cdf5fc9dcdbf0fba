"""Whether the common process is kept, who gets what, and where the money went: three questions
answered from rows that exist, and lists for the people who do the work.
"""

from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.registration.completeness import completeness

__all__ = [
    "completeness",
    "in_areas",
]
