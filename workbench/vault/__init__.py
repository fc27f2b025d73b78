"""Where secrets live: keyring, own file, detection, passphrase."""
