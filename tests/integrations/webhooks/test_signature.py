"""The header `Ordergroove-Signature`."""

import re
from pathlib import Path

from integrations.webhooks.signature import sign_body

VECTOR = "bef8ad98fc8bc281e228c29d99d0b38086051703dbf3bbb8b3fee5b801ad1976"


def test_the_published_vector_passes():
    assert sign_body(["key"], b'{"id":"e1"}', 1_700_000_000) == f"ts=1700000000,sig={VECTOR}"


def test_two_keys_sign_in_their_order():
    header = sign_body(["new", "key"], b'{"id":"e1"}', 1_700_000_000)
    assert header.startswith("ts=1700000000,sig=")
    first, second = header.split(",sig=")[1:]
    assert (first != second, second) == (True, VECTOR)


def test_the_example_of_the_documentation_works():
    [example] = re.findall(r"```python\n(.*?)```", Path("docs/developers/webhooks.md").read_text(), re.DOTALL)
    exec(example, {})
