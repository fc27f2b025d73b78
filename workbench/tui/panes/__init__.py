"""The panes: show a slice of the store and ask by posting messages."""
