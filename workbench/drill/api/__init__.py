"""The simulated vendor API: one module an area of endpoints, wired by ``app``."""
