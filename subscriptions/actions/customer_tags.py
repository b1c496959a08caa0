"""The verbs of a customer's tags, which staff put on customers to find them again."""

from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.errors import refused
from subscriptions.models import Customer, CustomerTag, Tag

LONGEST_TAG = 40


@action("customer.add_tag")
def add_tag(context: ActionContext[Customer], *, name: str) -> str:
    """Put the tag of this name on the customer; a new name becomes a tag of the merchant."""
    if not 0 < len(name) <= LONGEST_TAG:
        raise refused("invalid_value", name="tag", rule=f"a text of 1 to {LONGEST_TAG} characters")
    context.undo_facts = {"tag": name}
    tag, _ = Tag.objects.get_or_create(merchant=context.customer.merchant, name=name)
    _, is_new = CustomerTag.objects.get_or_create(merchant=context.customer.merchant, customer=context.subject, tag=tag)
    return f"Added the tag “{name}”." if is_new else UNCHANGED


@action("customer.remove_tag")
def remove_tag(context: ActionContext[Customer], *, name: str) -> str:
    """Take the tag of this name off the customer."""
    context.undo_facts = {"tag": name}
    tags = Tag.objects.filter(merchant=context.customer.merchant, name=name)
    found = CustomerTag.objects.filter(customer=context.subject, tag__in=tags)
    return f"Removed the tag “{name}”." if found.delete()[0] else UNCHANGED
