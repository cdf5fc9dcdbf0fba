"""Actions that were planned, whom they reached, and what the page for the person says."""

from evalkit.monitoring.programme.programme import programme

__all__ = ["programme"]
