"""What looks like the intruder: suspicion, changes, alarms, findings, hosts."""
