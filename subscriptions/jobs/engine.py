"""The minute tick of the engine."""

from subscriptions.jobs import posting, prompt, runs


def tick() -> None:
    """Begin the runs that are due, do what is due at this minute, and take up what dead workers left."""
    runs.tick()
    prompt.tick()
    posting.sweep()
