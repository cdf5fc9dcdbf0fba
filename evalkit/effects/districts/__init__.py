"""Districts beside each other: pooled, standardised, ranked, and against what one would expect."""
