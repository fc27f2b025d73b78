"""Measures, their facts and score."""
