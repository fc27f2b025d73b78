"""Reports and messages for each reader."""
