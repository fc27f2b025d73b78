"""The drill's servers on loopback: API host, SMTP, DNS, web, repository, faults."""
