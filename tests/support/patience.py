"""How long a test waits for what must come: only what hangs takes as long, on any machine and under any load."""

HANGS = 120.0  # seconds
