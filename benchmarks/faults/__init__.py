"""What a portal does while something fails: `python -m benchmarks.faults [NAME…]` prints the table of
`docs/reliability.md`.

Each fault has a portal of its own, which customers and an API client visit meanwhile. `visitors` are those, `scene` has
the portal and looks at what came of it; the other modules have the faults, and their docstrings are the promises.
"""
