"""What happened: attribution, senders, abuse window, damage, timeline."""
