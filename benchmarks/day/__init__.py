"""A day of a merchant of ten times a realistic size, its hours pressed into minutes: `python -m benchmarks.day` prints
the tables of `docs/performance.md`.

`merchant` says what such a day has and creates the merchant, `visits` makes the requests and `traffic` sends them,
`work` begins the daily runs and looks at them, `processor` at the cores, and `report` makes the tables.
"""
