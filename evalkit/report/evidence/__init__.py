"""The evidence behind the answers: of a district, of the city and of each intervention."""
