"""Between the screen and the terminal: what changed is sent, and nothing waits for a terminal that does not read."""
