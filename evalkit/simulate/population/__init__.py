"""Who lives in the city, and what happens to them month by month."""
