"""DNS blocklists: the catalogue, look-ups that never guess, and the way off a list."""
