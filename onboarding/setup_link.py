"""The link by which the first owner signs up: it is shown only to whoever starts the portal."""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

VALID_FOR = timedelta(hours=24)
CONTENT = "first"


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="onboarding.setup_link")


def setup_link() -> str:
    """A new link. It ends after a day, and with the first live merchant."""
    return f"{settings.PUBLIC_URL}{reverse('setup', args=[_signer().sign(CONTENT)])}"


def is_setup_token(text: str) -> bool:
    try:
        return _signer().unsign(text, max_age=VALID_FOR) == CONTENT
    except BadSignature:
        return False
