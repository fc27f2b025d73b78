"""Listings and the way off them, judged."""
