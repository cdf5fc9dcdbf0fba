"""What is offered: needs against offer, content, outreach."""
