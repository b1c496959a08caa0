"""Figures of the business for staff, answered from roll-ups.

- `roll_ups.py`: how facts are folded by day, read back with the newest ones, and folded anew where they changed.
- `business.py`: what happened by day: subscriptions begun, reactivated and cancelled; revenue placed, recovered, lost.
- `cancellations.py`: the cancellations among these, also by product.
- `active.py`: how many subscriptions are live now, and how many customers have one; folds cohorts, too.
- `cohorts.py`: how many subscriptions of a month's beginning were live some months later.
- `forecast.py`: what open orders and those that follow them will bring, made each hour.
- `losses.py`: what cancellations are expected to take away from it.

The rule of all but the last two: what a page shows is exactly what its rows say, at any moment, however far the fold
has come.
"""
