"""What everything may use: errors, masked secrets, clock, configuration, state folder, atomic files, the scanner."""
