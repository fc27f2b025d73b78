"""The full-screen app: wiring, start, shutdown, keys, themes."""
