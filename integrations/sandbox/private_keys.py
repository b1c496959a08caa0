"""The sandbox's API keys: the secrets of test merchants' connections that lead to it."""

import re
import secrets
from base64 import b64decode

from django.conf import settings

from common.web.public_ids import PUBLIC_ID_PATTERN
from common.web.signing import is_same_secret
from integrations.models import Connection
from integrations.sandbox.errors import ApiError
from subscriptions.models import Merchant

PATH = "/sandbox/klaviyo"
ATTENTIVE_PATH = "/sandbox/attentive/v1"
GLADLY_PATH = "/sandbox/gladly/api/v1"
KLAVIYO, ATTENTIVE = Connection.Integration.KLAVIYO, Connection.Integration.ATTENTIVE
GLADLY = Connection.Integration.GLADLY
PATHS: dict[str, str] = {KLAVIYO: PATH, ATTENTIVE: ATTENTIVE_PATH, GLADLY: GLADLY_PATH}
SCHEMES = {KLAVIYO: "Klaviyo-API-Key", ATTENTIVE: "Bearer", GLADLY: "Basic"}
# Secrets are encrypted and cannot be searched, so the key contains the merchant's id.
KEY_FORMAT = re.compile(rf"sandbox_({PUBLIC_ID_PATTERN})_\w+", re.ASCII)


def sandbox_url(integration: Connection.Integration = KLAVIYO) -> str:
    """The `base_url` of a connection that leads to the sandbox."""
    return settings.PUBLIC_URL + PATHS[integration]


def leads_to_sandbox(connection: Connection) -> bool:
    """Whether the connection is one that may have events of test customers: it ends in this portal."""
    return connection.base_url.endswith(PATHS.get(connection.integration, ()))


def create_key(merchant: Merchant) -> str:
    """A new `sandbox_<merchant's public id>_<random>`, valid once it is the secret of a connection."""
    return f"sandbox_{merchant.public_id.hex}_{secrets.token_hex(16)}"


def find_key_merchant(authorization: str, integration: Connection.Integration = KLAVIYO) -> Merchant:
    """The test merchant whose key is in the `Authorization` header. Raises ApiError 401."""
    scheme, _, key = authorization.partition(" ")
    if scheme != SCHEMES[integration]:
        detail = f"Missing or invalid authorization scheme. Use {SCHEMES[integration]}."
        raise ApiError(401, "not_authenticated", detail)
    user, key = _split_basic(key) if scheme == "Basic" else (None, key.strip())
    form = KEY_FORMAT.fullmatch(key)
    for connection in _sandbox_connections(form[1], integration) if form else ():
        if is_same_secret(connection.secret, key) and (user is None or user == connection.gladly.api_user):
            return connection.merchant
    raise ApiError(401, "authentication_failed", "Incorrect authentication credentials.")


def _split_basic(credentials: str) -> tuple[str, str]:
    """User and password; both empty where they cannot be read."""
    try:
        user, _, password = b64decode(credentials.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def _sandbox_connections(public_id: str, integration: Connection.Integration) -> list[Connection]:
    # Only the end of the address is compared: the portal may have moved to another port or host since.
    rows = Connection.objects.filter(
        merchant__public_id=public_id,
        merchant__is_test=True,
        integration=integration,
        base_url__endswith=PATHS[integration],
    )
    return list(rows.select_related("merchant"))
