"""What an intervention changes: shares by arm and month, lock-in, groups, and when to start."""
