"""What pages are made of: documents, numbers, pictures, rules for sentences, verdicts."""
