"""Talk to the vendor's API: typed records in, typed records out; knows nothing of incidents or screens."""
