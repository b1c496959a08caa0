"""A whole portal under fire: faults of the receiver, killed workers, and a PostgreSQL that restarts.

`python -m benchmarks.chaos` prints the table of `docs/reliability.md`. `trial` is what a test does too, with
less; `backfill` does the like to a run over all customers. `inside` and `inside_backfill` work in the portal's own
database, and `haste` shortens the portal's waits.
"""
