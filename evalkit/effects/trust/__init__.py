"""Whether a comparison can be trusted: balance, overlap, placebos, bounds, and when to refuse."""
