"""What is known: inventory, settings, plan, state replayed from the journal, situation."""
