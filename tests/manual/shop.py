"""The shop of the pictures: the demo, whose events have arrived, and what its staff have done."""

from io import BytesIO

from django.contrib.auth import get_user_model
from django.test import Client

from demo import loading, merchant_data
from integrations import outbox
from integrations.models import Connection, GladlyAccount
from subscriptions.importing import runs as import_runs
from subscriptions.jobs import bulk_runs
from subscriptions.models import Merchant, Role
from tests import factories as f

BACKEND = "django.contrib.auth.backends.ModelBackend"
TEAM = {"mara@fernhollow.test": Role.MARKETING, "sam@fernhollow.test": Role.SUPPORT}
LISTS = "/admin/subscriptions/"
FILE = """Customer ID,First name,Surname,E-mail
F-201,Nora,Lindqvist,nora@mail.test
F-202,Ben,Okoye,ben.mail.test
F-203,Chi,Tanaka,chi@mail.test
F-201,Dan,Roe,dan@mail.test
F-204,Iris,Vogel,iris@mail.test
"""


def load_shop() -> Merchant:
    loading.load_demo()
    merchant = merchant_data.find_demo_merchant()
    assert merchant
    gladly = Connection.objects.create(merchant=merchant, integration=Connection.Integration.GLADLY, name="Gladly")
    GladlyAccount.objects.create(connection=gladly)
    for login, role in TEAM.items():
        f.MembershipFactory(merchant=merchant, role=role, user=f.UserFactory(username=login))
    client = Client()
    client.force_login(get_user_model().objects.get(username=loading.USERNAME), backend=BACKEND)
    do_the_work_of_staff(client, merchant)
    client.logout()
    for connection in merchant.connections.all():
        outbox.drain_connection(connection.pk)
    return merchant


def do_the_work_of_staff(client: Client, merchant: Merchant) -> None:
    """One file waits to have its columns matched, another is checked; orders were moved."""
    for name in ("new-customers.csv", "customers.csv"):
        file = BytesIO(FILE.encode())
        file.name = name
        client.post(f"{LISTS}importrun/upload/", {"file": file})
    run = merchant.import_runs.latest("pk")
    columns = {f"column_{place}": name for place, name in enumerate(run.columns)}
    client.post(f"{LISTS}importrun/{run.pk}/match/", {"kind": run.kind, **columns})
    import_runs.continue_run(run.pk)

    orders = merchant.orders.filter(status=1).order_by("pk").values_list("pk", flat=True)[10:14]
    ticked = {"index": 0, "action": "order.move", "select_across": 0, "_selected_action": list(orders)}
    client.post(f"{LISTS}order/", {**ticked, "asked": 1, "start": 1, "number": 2, "unit": "days", "day": ""})
    bulk_runs.continue_run(merchant.bulk_runs.latest("pk").pk)
