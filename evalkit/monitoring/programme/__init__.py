"""Actions that were planned, and whom they reached."""

from evalkit.monitoring.programme.actions import (
    programme_actions,
    programme_reach,
    programme_themes,
)

__all__ = ["programme_actions", "programme_reach", "programme_themes"]
