"""One file an action: each reads the inventory and returns a plan; none of them writes."""
