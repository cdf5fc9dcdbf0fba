"""What was planned: the actions of the local programmes; and what is told to the person."""
