import json

import pytest

from integrations.webhooks.bodies import OBJECT_TYPES
from integrations.webhooks.patterns import KINDS_BY_TYPE
from integrations.webhooks.samples import sample_body
from subscriptions.events.catalogue import ALL_KINDS
from tests.factories import MerchantFactory
from tests.rows import read_all_rows

pytestmark = pytest.mark.django_db


def test_there_is_a_sample_of_every_type_and_none_is_saved() -> None:
    merchant = MerchantFactory()
    before = read_all_rows()
    bodies = {name: json.loads(sample_body(name, merchant)) for name in KINDS_BY_TYPE}
    assert read_all_rows() == before
    for name, body in bodies.items():
        assert (body["type"], body["context"], body["snapshot"]) == (name, {"source": "test"}, {})
        base = ALL_KINDS[KINDS_BY_TYPE[name]].base
        assert [*body["data"]["object"]] == [*OBJECT_TYPES[base].values]
        assert body["data"]["object"]["merchant"] == merchant.public_id.hex
    assert len({body["id"] for body in bodies.values()}) == len(KINDS_BY_TYPE)
