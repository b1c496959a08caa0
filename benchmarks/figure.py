"""A measured figure and its reference."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` = `value` / `reference`, both measured in this run."""

    figure: str
    value: float
    reference: float
    unit: str
    note: str

    def line(self) -> str:
        """As JSON, on one line."""
        ratio = round(self.value / self.reference, 3)
        rounded = {"value": round(self.value, 1), "reference": round(self.reference, 1), "ratio": ratio}
        return json.dumps({**asdict(self), **rounded})
