"""SMTP sessions and the proof by AUTH."""
