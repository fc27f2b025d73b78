"""The mail itself and what it links to: read, shown harmlessly, counted."""
