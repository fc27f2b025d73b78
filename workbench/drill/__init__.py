"""The drill: a simulated compromised account on loopback, the default and the base of all tests."""
