"""The pages that decision-makers read: what pays off, for whom, how sure, and what to do."""
