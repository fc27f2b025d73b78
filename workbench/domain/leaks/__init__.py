"""What the incident makes of a leak search."""
