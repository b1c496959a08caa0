"""How a view asks the web server to spoil its answer, where the portal plays a receiver that is slow or broken."""

from dataclasses import dataclass
from enum import Enum, auto

from django.http import HttpRequest

ENVIRON_KEY = "reprise.answer_fault"


class Manner(Enum):
    LATE = auto()
    """The answer comes after the seconds."""
    DRIPPING = auto()
    """It comes at once, and its body byte by byte over the seconds."""
    CUT = auto()
    """After the seconds the connection ends without an answer."""


@dataclass(frozen=True, slots=True)
class AnswerFault:
    manner: Manner
    seconds: float


def spoil_answer(request: HttpRequest, fault: AnswerFault) -> None:
    """No thread waits meanwhile. Only the web server of `manage.py run` does this; others answer at once."""
    request.META[ENVIRON_KEY] = fault
