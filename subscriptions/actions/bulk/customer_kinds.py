"""Bulk changes of customers: put a tag on them, take one off."""

from subscriptions.actions import customer_tags as verbs
from subscriptions.actions.bulk.kind import Answers, BulkKind, Change, Facts
from subscriptions.actors import Actor
from subscriptions.models import Customer


def add_tag(customer: Customer, answers: Answers, actor: Actor) -> Change:
    context = verbs.add_tag(customer, actor=actor, name=answers["tag"])
    return Change(context, {"tag": answers["tag"]} if context.activity else {})


def remove_tag(customer: Customer, answers: Answers, actor: Actor) -> Change:
    context = verbs.remove_tag(customer, actor=actor, name=answers["tag"])
    return Change(context, {"tag": answers["tag"]} if context.activity else {})


def take_off(customer: Customer, facts: Facts, actor: Actor) -> None:
    verbs.remove_tag(customer, actor=actor, name=facts["tag"])


def put_back(customer: Customer, facts: Facts, actor: Actor) -> None:
    verbs.add_tag(customer, actor=actor, name=facts["tag"])


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
        undo=take_off,
    ),
    BulkKind(
        name="customer.untag",
        title="Remove tag",
        icon="label_off",
        model=Customer,
        change=remove_tag,
        describe=describe_tag,
        undo=put_back,
    ),
]
