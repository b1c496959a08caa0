"""Which addresses may be called: what forms accept is what requests may do."""

from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from common.web.outbound_address import (
    AddressRefused,
    check_outbound_url,
    is_own_sandbox,
    is_public_address,
    resolve_allowed_url,
)

PORTAL = "http://127.0.0.1:8000"
PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::93.184.216.34",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::93.184.216.34",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::",
    "3fff::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "feff:ffff::1",
    "ff0e::1",
]
PUBLIC = [
    "93.184.216.34",
    "2606:4700::1111",
    "2003::1",
    "3ffe::1",
    "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822",
    "2002:5db8:d822::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefused, match="is at a private address; only public ones may be called."):
        check_outbound_url(f"https://{host}/")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    assert is_public_address(address)
    host = f"[{address}]" if ":" in address else address
    check_outbound_url(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://93.184.216.34/", "The address must begin with https://."),
        ("ftp://93.184.216.34/", "The address must begin with https://."),
        ("https://user:word@93.184.216.34/", "The address must not contain a user name or password."),
        ("https://2130706433/", "2130706433 is at a private address; only public ones may be called."),
        ("https://0x7f.1/", "0x7f.1 is at a private address; only public ones may be called."),
        ("https://localhost/", "localhost is at a private address; only public ones may be called."),
        ("https://[::1/", "https://[::1/ is not a valid address."),
    ],
)
def test_a_form_says_what_is_wrong_with_an_address(url: str, sentence: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        check_outbound_url(url)
    assert str(refusal.value) == sentence


def test_a_name_that_is_unknown_just_now_passes_a_form_and_no_request() -> None:
    check_outbound_url("https://nowhere.invalid/")
    with pytest.raises(httpx.ConnectError):
        resolve_allowed_url(httpx.URL("https://nowhere.invalid/"))


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/sandbox/", True),
        ("/sandbox/klaviyo/api/events", True),
        ("/sandbox/klaviyo/api/events?page%5Bsize%5D=1", True),
        ("/sandbox/./klaviyo", True),
        ("/sandbox", False),
        ("/sandboxed/", False),
        ("/admin/", False),
        ("/sandbox/../admin/", False),
        ("/sandbox/%2e%2e/admin/", False),
        ("/sandbox/.%2e/admin/", False),
        ("/sandbox/..%2fadmin/", False),
        ("/sandbox/%252e%252e/admin/", False),
        ("/sandbox/..\\admin/", False),
        ("/sandbox/..;/admin/", False),
    ],
)
@pytest.mark.parametrize("root", ["", "/portal"])
def test_only_a_plain_path_below_the_sandbox_is_the_own_sandbox(settings: Any, path: str, own: bool, root: str) -> None:
    settings.PUBLIC_URL = PORTAL + root
    url = PORTAL + root + path
    assert is_own_sandbox(httpx.URL(url)) is own
    with nullcontext() if own else pytest.raises(AddressRefused):
        check_outbound_url(url, own_sandbox=True)
    with pytest.raises(AddressRefused):
        check_outbound_url(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001/sandbox/", "http://localhost:8000/sandbox/"])
def test_another_port_or_name_of_this_machine_is_not_the_own_sandbox(settings: Any, url: str) -> None:
    settings.PUBLIC_URL = PORTAL
    with pytest.raises(AddressRefused):
        check_outbound_url(url, own_sandbox=True)
