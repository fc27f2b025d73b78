"""One open incident: its parts put together, and what it tells its listeners."""
