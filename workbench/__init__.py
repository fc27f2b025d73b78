"""The incident workbench: take a compromised Mailgun account back, step by step, with proof."""

__version__ = "0.2.0"
