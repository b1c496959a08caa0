"""Sends the deliveries of a connection: one worker at a time, several requests at once.

- `queue` reads what may leave: for each customer only the oldest delivery that waits, so that a customer's events
  arrive in their order while those of others overtake a slow one.
- `courier` keeps requests on their way in threads, and does all work with the database itself, for many at a time.
- `results` notes what the answers mean, in a few statements for all of them.
"""
