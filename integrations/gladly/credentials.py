"""Whether a request comes from the merchant's Gladly."""

import binascii
from base64 import b64decode
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

from common.web.client_address import CLIENT_BITS, client_address
from common.web.signing import is_same_secret
from integrations.gladly.signature import Fault, SignedParts, find_signature_fault
from integrations.models import GladlyAccount

Network = IPv4Network | IPv6Network
OPEN_TO_NOBODY = Fault("", "not_configured", "This connection has neither a signing key nor a password.")
WRONG = Fault("Authorization", "invalid", "The user name or the password is wrong.")
UNKNOWN = Fault("", "invalid", "There is no such connection, or the credentials are wrong.")
FOREIGN_ADDRESS = Fault("", "address", "Requests from this address are not answered.")


def has_credentials(account: GladlyAccount) -> bool:
    """Whether the adaptor can be called at all."""
    return bool(account.signing_key or (account.basic_user and account.basic_password) or _has_header(account))


def find_fault(parts: SignedParts, account: GladlyAccount, now: datetime) -> Fault | None:
    """Why `parts` are no request of this account's Gladly; None if they are.

    With a signing key the signature decides. Without one, the password or the static header does.
    """
    if account.signing_key:
        return find_signature_fault(parts, account.signing_key, now)
    if not has_credentials(account):
        return OPEN_TO_NOBODY
    if _has_header(account):
        given = parts.headers.get(account.header_name.lower(), "")
        if is_same_secret(given, account.header_value):
            return None
        if not account.basic_password:
            return Fault(account.header_name, "invalid", "This header is missing, or its value is wrong.")
    return None if _has_password(parts, account) else WRONG


def is_address_allowed(request: HttpRequest) -> bool:
    """Whether `GLADLY_ALLOWED_IPS` has the client's address; an empty list has every one.

    Of IPv6 addresses the first 64 bits are compared, which is all that is known of the client's.
    """
    if not settings.GLADLY_ALLOWED_IPS:
        return True
    text = client_address(request)
    return bool(text) and any(ip_address(text) in _widen(network) for network in settings.GLADLY_ALLOWED_IPS)


def _widen(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.prefixlen > CLIENT_BITS:
        return network.supernet(new_prefix=CLIENT_BITS)
    return network


def _has_header(account: GladlyAccount) -> bool:
    return bool(account.header_name and account.header_value)


def _has_password(parts: SignedParts, account: GladlyAccount) -> bool:
    scheme, _, encoded = parts.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or not (account.basic_user and account.basic_password):
        return False
    try:
        given = b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return is_same_secret(given, account.basic_user.encode() + b":" + account.basic_password.encode())
