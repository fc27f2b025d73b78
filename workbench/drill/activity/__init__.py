"""What happens in the simulated account: traffic, senders, the intruder, history."""
