"""Incident logic, pure: data in, data out; no network and no screen."""
