"""Fetches a page of the shop for the link builder, which looks for the script in it."""

import httpx

from common.web.outbound_address import AddressRefused
from integrations import http
from oneclick.links.shop_page import Page, Unreadable

LIMITS = http.Limits(connect=3, silence=5, deadline=8, body_bytes=1024 * 1024)
HEADERS = {"Accept": "text/html"}


def fetch_page(url: str) -> Page:
    """The first megabyte of the page as a visitor gets it. Raises Unreadable."""
    try:
        reply = http.send_request("GET", url, headers=HEADERS, limits=LIMITS)
    except AddressRefused as error:
        raise Unreadable(str(error)) from error
    except httpx.InvalidURL as error:
        raise Unreadable("its address is not a valid URL.") from error
    except httpx.TransportError as error:
        raise Unreadable("the shop did not answer.") from error
    return Page(reply.status, reply.headers.get("Location", ""), reply.body.decode(errors="replace"))
