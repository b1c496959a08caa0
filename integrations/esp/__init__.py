"""What events need in addition to their facts when they leave for an ESP, read for many at a time."""
