"""API keys: `rpk_<prefix>_<secret>`. A key is shown in full once; after that only its HMAC is stored."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.web.signing import hmac_sha256, is_same_secret
from subscriptions.errors import Refused
from subscriptions.models import ApiKey, Merchant

ACTIVE_PER_MERCHANT = 10


def create_api_key(
    merchant: Merchant, name: str, scopes: Sequence[str], *, expires: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its text, which cannot be shown again.

    `scopes` are some of `ApiKey.SCOPES`. Refused for an unknown scope and for an eleventh active key.
    """
    unknown = sorted(set(scopes) - set(ApiKey.SCOPES))
    if unknown:
        allowed = ", ".join(ApiKey.SCOPES)
        raise Refused("unknown_scope", f"{unknown[0]} is not a scope; choose from {allowed}.")
    prefix = secrets.token_hex(4)
    text = f"rpk_{prefix}_{secrets.token_hex(20)}"
    with transaction.atomic():
        # Locked, so that two keys created at once cannot both be the tenth.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        if active_keys(merchant).count() >= ACTIVE_PER_MERCHANT:
            raise Refused("too_many_api_keys", f"{ACTIVE_PER_MERCHANT} keys are active; revoke one first.")
        key = ApiKey.objects.create(
            merchant=merchant,
            name=name,
            prefix=prefix,
            digest=_digest(text),
            scopes=list(scopes),
            expires=expires,
        )
    return key, text


def active_keys(merchant: Merchant) -> QuerySet[ApiKey]:
    """The keys that work now, oldest first."""
    unexpired = Q(expires__isnull=True) | Q(expires__gt=timezone.now())
    return merchant.api_keys.filter(unexpired, revoked=None).order_by("pk")


def find_api_key(text: str) -> ApiKey | None:
    """The key with this text, and its merchant. None when it is unknown or revoked; it may have expired.

    A digest that was made with a former secret is replaced, so that keys in use outlive that secret.
    """
    prefix = text.removeprefix("rpk_").partition("_")[0]
    key = ApiKey.objects.select_related("merchant").filter(prefix=prefix, revoked__isnull=True).first()
    if key is None or is_same_secret(key.digest, _digest(text)):
        return key
    if not any(is_same_secret(key.digest, _digest(text, former)) for former in settings.API_KEY_SECRET_FALLBACKS):
        return None
    ApiKey.objects.filter(pk=key.pk, digest=key.digest).update(digest=_digest(text))
    return key


def _digest(text: str, secret: str = "") -> str:
    return hmac_sha256((secret or settings.API_KEY_SECRET).encode(), text.encode()).hex()
