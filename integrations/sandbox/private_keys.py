"""The sandbox's API keys: the secrets of test merchants' Klaviyo connections that lead to it."""

import re
import secrets

from django.conf import settings

from common.web.public_ids import PUBLIC_ID_PATTERN
from common.web.signing import is_same_secret
from integrations.models import Connection
from integrations.sandbox.faults import Fault
from subscriptions.models import Merchant

PATH = "/sandbox/klaviyo"
SCHEME = "Klaviyo-API-Key "
# Secrets are encrypted and cannot be searched, so the key contains the merchant's id.
KEY_FORMAT = re.compile(rf"sandbox_({PUBLIC_ID_PATTERN})_\w+", re.ASCII)


def sandbox_url() -> str:
    """The `base_url` of a connection that leads to the sandbox."""
    return settings.PUBLIC_URL + PATH


def create_key(merchant: Merchant) -> str:
    """A new `sandbox_<merchant's public id>_<random>`, valid once it is the secret of a connection."""
    return f"sandbox_{merchant.public_id.hex}_{secrets.token_hex(16)}"


def find_key_merchant(authorization: str) -> Merchant:
    """The test merchant whose key is in the `Authorization` header. Raises Fault 401."""
    if not authorization.startswith(SCHEME):
        raise Fault(401, "not_authenticated", "Missing or invalid authorization scheme. Use Klaviyo-API-Key.")
    key = authorization.removeprefix(SCHEME).strip()
    form = KEY_FORMAT.fullmatch(key)
    for connection in _sandbox_connections(form[1]) if form else ():
        if is_same_secret(connection.secret, key):
            return connection.merchant
    raise Fault(401, "authentication_failed", "Incorrect authentication credentials.")


def _sandbox_connections(public_id: str) -> list[Connection]:
    # Only the end of the address is compared: the portal may have moved to another port or host since.
    rows = Connection.objects.filter(
        merchant__public_id=public_id,
        merchant__is_test=True,
        integration=Connection.Integration.KLAVIYO,
        base_url__endswith=PATH,
    )
    return list(rows.select_related("merchant"))
