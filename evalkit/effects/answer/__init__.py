"""What an intervention changes: the effect by month and state, lock-in, groups, when to start."""
