"""Who and what exists in the simulated account: cast, scenarios, plants, ground truth."""
