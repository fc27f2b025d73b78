"""Every setting an intruder can hide in, judged; what cannot be read; remedies."""
