"""What a price book must satisfy before anything is valued with it: by subject, one set."""
