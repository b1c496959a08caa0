"""Bodies with one fault each, and the pointer to it."""

import pytest

pytestmark = pytest.mark.django_db


def profile_attributes(body: dict) -> dict:
    return body["data"]["attributes"]["profile"]["data"]["attributes"]


BAD_BODIES = [
    ("/data", lambda body: body.clear()),
    ("/extra", lambda body: body.update(extra=1)),
    ("/data/type", lambda body: body["data"].update(type="events")),
    ("/data/attributes/surprise", lambda body: body["data"]["attributes"].update(surprise=1)),
    ("/data/attributes/properties", lambda body: body["data"]["attributes"].pop("properties")),
    ("/data/attributes/properties", lambda body: body["data"]["attributes"].update(properties=[])),
    ("/data/attributes/time", lambda body: body["data"]["attributes"].update(time="2026-11-20T12:00:00")),
    ("/data/attributes/time", lambda body: body["data"]["attributes"].update(time=1700000000)),
    ("/data/attributes/time", lambda body: body["data"]["attributes"].update(time="2026-13-20T12:00:00Z")),
    ("/data/attributes/value", lambda body: body["data"]["attributes"].update(value="12.50")),
    ("/data/attributes/value", lambda body: body["data"]["attributes"].update(value=True)),
    ("/data/attributes/value_currency", lambda body: body["data"]["attributes"].update(value_currency="usd")),
    ("/data/attributes/unique_id", lambda body: body["data"]["attributes"].update(unique_id="")),
    ("/data/attributes/backfill", lambda body: body["data"]["attributes"].update(backfill="yes")),
    (
        "/data/attributes/metric/data/attributes/name",
        lambda body: body["data"]["attributes"]["metric"]["data"]["attributes"].clear(),
    ),
    (
        "/data/attributes/metric/data/attributes/name",
        lambda body: body["data"]["attributes"]["metric"]["data"]["attributes"].update(name="x" * 128),
    ),
    ("/data/attributes/profile/data", lambda body: profile_attributes(body).clear()),
    ("/data/attributes/profile/data", lambda body: profile_attributes(body).update(email=None)),
    ("/data/attributes/profile/data/attributes/email", lambda body: profile_attributes(body).update(email="nobody")),
    (
        "/data/attributes/profile/data/attributes/phone_number",
        lambda body: profile_attributes(body).update(phone_number="5013299800"),
    ),
    (
        "/data/attributes/profile/data/attributes/loyalty",
        lambda body: profile_attributes(body).update(loyalty="gold"),
    ),
]
