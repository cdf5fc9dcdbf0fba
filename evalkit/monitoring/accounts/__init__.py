"""Where the money went: budget, bookings, places and reported shares reconciled."""
