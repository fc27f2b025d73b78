"""The only writer: executor, scheduler, attempts, progress."""
