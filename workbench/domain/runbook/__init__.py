"""Steps and their verdicts, users, hand-over, adoption, deadlines, coverage."""
