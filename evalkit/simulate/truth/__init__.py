"""What each intervention changes and what that is worth, from simulating both arms."""
