"""Notes and tags of a customer, and what else support finds there: IDs to copy, Gladly's agents, the last customers."""

from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.actions import customer_notes as verbs
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.customer_tags import add_tag, remove_tag
from subscriptions.actions.undo import undo
from subscriptions.actors import Actor, ActorKind
from subscriptions.models import Activity, Customer, CustomerTag, Event, Order, Subscription
from tests import factories as f
from tests.admin.pages import visible_text

Login = Callable[..., Client]


@pytest.fixture
def subscription(db: None) -> Subscription:
    made: Subscription = f.subscription_with_order()
    return made


@pytest.fixture
def customer(subscription: Subscription) -> Customer:
    return Customer.objects.select_related("merchant").get(pk=subscription.customer_id)


@pytest.fixture
def support(customer: Customer, login: Login) -> Client:
    return login(customer.merchant, "support", first_name="Sue", last_name="Support")


def url(customer: Customer, page: str = "change", note: Activity | None = None) -> str:
    return f"/admin/subscriptions/customer/{customer.pk}/{page}/{f'?activity={note.pk}' if note else ''}"


def notes(client: Client, customer: Customer) -> list[tuple[str, bool, bool]]:
    """The notes at the top of the page, and whether they may be changed and deleted."""
    found = client.get(url(customer)).context["notes"]["rows"]
    return [(each["row"].sentence, bool(each["edit"]), bool(each["delete"])) for each in found]


def write(client: Client, customer: Customer, text: str = "Prefers calls\nafter six.") -> Activity:
    assert client.post(url(customer, "write-note"), {"text": text}).status_code == 302
    return Activity.objects.filter(verb="customer.note").latest("pk")


def test_a_note_stands_at_the_top_and_in_the_activity_and_tells_nobody_else(
    support: Client, customer: Customer, login: Login
) -> None:
    events = Event.objects.count()
    note = write(support, customer)
    assert (note.actor_name, note.customer, Event.objects.count()) == ("Sue Support", customer, events)
    assert notes(support, customer) == [("Prefers calls\nafter six.", True, True)]
    text = visible_text(support.get(url(customer)))
    assert text.count("Prefers calls after six.") == 2
    only_notes = visible_text(support.get(f"{url(customer, 'activity')}?act=notes"))
    assert "Note Prefers calls after six. badge Sue Support" in only_notes
    reader = login(customer.merchant, "read_only")
    assert notes(reader, customer) == [("Prefers calls\nafter six.", False, False)]


def test_its_author_changes_it_and_the_former_text_is_gone(support: Client, customer: Customer) -> None:
    note = write(support, customer, "Card 4111 1111 1111 1111")
    dialog = url(customer, "change_note", note)
    assert b"Card 4111" in support.get(dialog).content
    support.post(dialog, {"activity": note.pk, "text": "Has a new card."})
    assert notes(support, customer) == [("Has a new card.", True, True)]
    lines = Activity.objects.filter(customer=customer, verb__startswith="customer.note").order_by("pk")
    assert list(lines.values_list("verb", "sentence")) == [
        ("customer.note", "Has a new card."),
        ("customer.note_change", "Changed a note."),
    ]
    assert b"4111" not in support.get(url(customer)).content


def test_its_author_deletes_it_and_only_that_stays_on_record(support: Client, customer: Customer) -> None:
    note = write(support, customer, "Nobody should read this.")
    support.post(url(customer, "delete_note", note), {"activity": note.pk})
    assert notes(support, customer) == []
    text = visible_text(support.get(url(customer)))
    assert "Nobody should" not in text
    assert "Wrote a note, which is deleted." in text
    assert "Deleted a note of Sue Support." in text
    with pytest.raises(Exception, match="deleted in the meantime"):
        verbs.change_note(customer, actor=f.STAFF, note=note, text="x")


def test_others_do_not_change_it_but_an_owner_deletes_it(support: Client, customer: Customer, login: Login) -> None:
    note = write(support, customer)
    other, owner = login(customer.merchant, "support"), login(customer.merchant)
    assert notes(other, customer) == [(note.sentence, False, False)]
    assert notes(owner, customer) == [(note.sentence, False, True)]
    for client, page in ((other, "change_note"), (other, "delete_note"), (owner, "change_note")):
        client.post(url(customer, page, note), {"activity": note.pk, "text": "Changed by somebody else"})
        assert notes(support, customer) == [(note.sentence, True, True)]
    owner.post(url(customer, "delete_note", note), {"activity": note.pk})
    assert notes(support, customer) == []


def test_no_other_activity_and_no_other_merchants_note_is_changed(
    support: Client, customer: Customer, login: Login
) -> None:
    stranger = f.CustomerFactory()
    foreign = verbs.write_note(stranger, actor=f.STAFF, text="Theirs").activity
    own = subscription_verbs.change_quantity(Subscription.objects.get(), actor=f.STAFF, quantity=5).activity
    assert support.get(url(stranger, "write-note")).status_code == 404
    owner = login(customer.merchant)
    for row in (foreign, own):
        for page in ("change_note", "delete_note"):
            owner.post(url(customer, page, row), {"activity": row.pk, "text": "x"})
    assert Activity.objects.get(pk=foreign.pk).sentence == "Theirs"
    assert Activity.objects.get(pk=own.pk).verb == "subscription.change_quantity"


@pytest.mark.parametrize("role", ["marketing", "read_only"])
def test_who_may_not_write_notes_is_refused(role: str, support: Client, customer: Customer, login: Login) -> None:
    note = write(support, customer)
    client = login(customer.merchant, role)
    for page in ("write-note", "change_note", "delete_note"):
        assert client.post(url(customer, page, note), {"activity": note.pk, "text": "x"}).status_code == 403
    assert notes(support, customer) == [(note.sentence, True, True)]


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_note_has_a_text_of_some_length(text: str, support: Client, customer: Customer) -> None:
    assert support.post(url(customer, "write-note"), {"text": text}).status_code == 200
    assert notes(support, customer) == []


def test_the_latest_five_are_shown_and_the_others_are_a_link_away(support: Client, customer: Customer) -> None:
    for number in range(6):
        verbs.write_note(customer, actor=f.STAFF, text=f"Note {number}")
    assert [text for text, *_ in notes(support, customer)] == [f"Note {number}" for number in (5, 4, 3, 2, 1)]
    assert b"activity/?act=notes" in support.get(url(customer)).content


def test_a_note_is_no_change_that_forbids_an_undo(support: Client, customer: Customer) -> None:
    order = Order.objects.get()
    skipped = order_verbs.skip(order, actor=f.STAFF).activity
    note = write(support, customer)
    support.post(url(customer, "delete_note", note), {"activity": note.pk})
    assert f"undo/?activity={skipped.pk}".encode() in support.get(url(customer)).content
    undo(skipped, actor=f.STAFF)
    assert Order.objects.get(pk=order.pk).is_open


# The head of the page.


def tags(customer: Customer) -> list[str]:
    return sorted(CustomerTag.objects.filter(customer=customer).values_list("tag__name", flat=True))


def test_tags_stand_in_the_head_and_are_changed_there(support: Client, customer: Customer) -> None:
    support.post(url(customer, "change-tags"), {"names": "vip, wholesale ,vip"})
    assert tags(customer) == ["vip", "wholesale"]
    page = support.get(url(customer))
    assert f'/customer/?tag={CustomerTag.objects.get(tag__name="vip").tag_id}"'.encode() in page.content
    assert b'value="vip, wholesale"' in support.get(url(customer, "change-tags")).content
    support.post(url(customer, "change-tags"), {"names": "vip"})
    assert tags(customer) == ["vip"]
    sentences = Activity.objects.filter(verb__startswith="customer.").order_by("pk").values_list("sentence", flat=True)
    assert list(sentences) == ["Added the tag “vip”.", "Added the tag “wholesale”.", "Removed the tag “wholesale”."]


def test_tags_with_commas_and_quotes_stay_whole(support: Client, customer: Customer) -> None:
    names = ["a, b", 'the "best"', "vip"]
    for name in names:
        add_tag(customer, actor=f.STAFF, name=name)
    field = support.get(url(customer, "change-tags")).context["form"]["names"].value()
    assert field == '"a, b", "the ""best""", vip'
    support.post(url(customer, "change-tags"), {"names": f"{field}\nnew"})
    assert tags(customer) == sorted([*names, "new"])


def test_a_tag_that_somebody_else_puts_there_meanwhile_stays(support: Client, customer: Customer) -> None:
    for name in ("old", "vip"):
        add_tag(customer, actor=f.STAFF, name=name)
    assert b'name="initial-names" value="old, vip"' in support.get(url(customer, "change-tags")).content
    add_tag(customer, actor=f.STAFF, name="theirs")
    remove_tag(customer, actor=f.STAFF, name="vip")
    support.post(url(customer, "change-tags"), {"initial-names": "old, vip,\0", "names": "vip, new"})
    assert tags(customer) == ["new", "theirs"]


@pytest.mark.parametrize("names", ["x" * 41, ",".join(map(str, range(21)))])
def test_tags_that_are_too_long_or_too_many_change_nothing(names: str, support: Client, customer: Customer) -> None:
    assert support.post(url(customer, "change-tags"), {"names": names}).context["form"].errors
    assert tags(customer) == []


def test_emails_numbers_and_ids_can_be_copied(support: Client, subscription: Subscription, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone_number="(501) 555-0177")
    Order.objects.update(order_merchant_id="100234")
    page = support.get(url(customer)).content.decode()
    for text in (*(customer.email, "(501) 555-0177", customer.merchant_user_id, subscription.public_id.hex, "100234"),):
        assert f'data-copy="{text}"' in page


def test_what_an_agent_did_in_gladly_is_told_by_that_name(
    support: Client, subscription: Subscription, customer: Customer
) -> None:
    agent = Actor(ActorKind.AGENT, "vXmSEPjVSWCaCMzvjufxZg", "Gladly agent")
    subscription_verbs.cancel(subscription, actor=agent, reason="4|too much")
    page = support.get(url(customer))
    assert "Gladly agent" in visible_text(page)
    assert b'data-copy="vXmSEPjVSWCaCMzvjufxZg"' in page.content
    assert "Agent Gladly" not in visible_text(support.get("/admin/"))


def test_home_begins_with_the_customers_opened_last(support: Client, customer: Customer) -> None:
    def opened_last() -> list[Customer]:
        return list(support.get("/admin/").context["recent"])

    assert opened_last() == []
    rows = [f.CustomerFactory(merchant=customer.merchant) for _ in range(9)]
    for row in [customer, *rows, rows[3]]:
        support.get(url(row))
    assert opened_last() == [rows[number] for number in (3, 8, 7, 6, 5, 4, 2, 1)]
    assert support.get(url(f.CustomerFactory())).status_code == 302
    Customer.objects.filter(pk=rows[3].pk).update(merchant=f.MerchantFactory())
    assert opened_last()[0] == rows[8]
