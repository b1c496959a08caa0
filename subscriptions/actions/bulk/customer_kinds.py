"""Bulk changes of customers: put a tag on them, take one off."""

from typing import Any

from subscriptions.actions import customer_tags as verbs
from subscriptions.actions.bulk.kind import Answers, BulkKind
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor
from subscriptions.models import Customer


def add_tag(customer: Customer, answers: Answers, actor: Actor) -> ActionContext[Any]:
    return verbs.add_tag(customer, actor=actor, name=answers["tag"])


def remove_tag(customer: Customer, answers: Answers, actor: Actor) -> ActionContext[Any]:
    return verbs.remove_tag(customer, actor=actor, name=answers["tag"])


def describe_tag(answers: Answers) -> str:
    return f"“{answers['tag']}”"


KINDS = [
    BulkKind(
        name="customer.tag",
        title="Add tag",
        icon="label",
        model=Customer,
        change=add_tag,
        describe=describe_tag,
    ),
    BulkKind(
        name="customer.untag",
        title="Remove tag",
        icon="label_off",
        model=Customer,
        change=remove_tag,
        describe=describe_tag,
    ),
]
