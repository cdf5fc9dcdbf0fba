"""What a sender is told: contracts, mapping files, templates and documentation."""
