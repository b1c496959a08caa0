"""Weighs the signs that a machine came. In doubt, the page asks before it acts; what acts all the same is marked.

The script weighs what the page shows of the browser and sends the sum alone.
"""

import re

DOUBT = 3
"""From this sum on, a visit is more likely a machine's than a person's."""
BY_HAND = -3
"""The weight of a press that took as long as a finger takes."""
MOST = 99


def read_sum(text: str) -> int:
    """The sum that the script sent; 0 for anything else."""
    return min(int(text), MOST) if re.fullmatch("[0-9]{1,9}", text) else 0
