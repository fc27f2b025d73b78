"""What several tests share: a drill on real sockets, sessions on it, and the search for leaked secrets."""
