"""The buttons that payments and addresses have in common."""

from types import ModuleType
from typing import Any

from django.http import HttpRequest
from unfold.enums import ActionVariant

from subscriptions.models import Address, Payment
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.roles import Right

Record = Payment | Address


def record_buttons(
    verbs: ModuleType, replacement: Button, *, right: Right, retired_icon: str, question: str, used: str
) -> tuple[Button, ...]:
    """Use for all, `replacement`, retire and bring back, by the module of the record's `verbs`.

    `question` is what using it for all asks, and `used` what is said afterwards, with the record in place of `{}`.
    """

    def retire(request: HttpRequest, record: Record, answers: dict[str, Any]) -> str:
        verbs.update_record(record, actor=actor_of(request), live=False)
        return f"{record} is retired."

    def bring_back(request: HttpRequest, record: Record, answers: dict[str, Any]) -> str:
        verbs.update_record(record, actor=actor_of(request), live=True)
        return f"{record} can be used again."

    return (
        _use_for_all_button(verbs, right, question, used),
        replacement,
        Button(
            verb="retire",
            title="Retire",
            icon=retired_icon,
            right=right,
            question="Nothing new can use it. Subscriptions and orders that use it now keep it.",
            run=retire,
            offered=is_live,
            variant=ActionVariant.DANGER,
        ),
        Button(
            verb="reuse",
            title="Bring back",
            icon="undo",
            right=right,
            question="Subscriptions and orders can use it again.",
            run=bring_back,
            offered=lambda record: not is_live(record),
        ),
    )


def _use_for_all_button(verbs: ModuleType, right: Right, question: str, used: str) -> Button:
    def use_for_all(request: HttpRequest, record: Record, answers: dict[str, Any]) -> str:
        verbs.use_for_all(record, actor=actor_of(request))
        return used.format(record)

    return Button(
        verb="use-for-all",
        title="Use for all",
        icon="done_all",
        right=right,
        question=question,
        run=use_for_all,
        offered=is_live,
    )


def is_live(record: Record) -> bool:
    return record.live
