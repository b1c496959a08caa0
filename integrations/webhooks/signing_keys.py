"""The signing keys of targets: each is shown once, and a new one shares 24 hours with the one before."""

from datetime import datetime, timedelta

from django.utils import timezone

from integrations.models import Connection, WebhookTarget
from integrations.webhooks.signature import new_signing_key
from integrations.webhooks.targets import locked_target

OVERLAP = timedelta(hours=24)


def take_signing_key(target: Connection) -> str | None:
    """The signing key, once after it was made; later None."""
    with locked_target(target) as row:
        if row.target.secret_shown:
            return None
        WebhookTarget.objects.filter(connection=row).update(secret_shown=True)
        key: str = row.secret
    return key + ""  # as a plain text, since pages show a mask for a `Secret`


def rotate_signing_key(target: Connection) -> tuple[str | None, str | None, datetime]:
    """A new signing key, the old one, and until when bodies are signed with both.

    While they are, another rotation changes nothing, and the keys are not returned again.
    """
    with locked_target(target) as row:
        settings, now = row.target, timezone.now()
        if settings.old_secret_until and settings.old_secret_until > now:
            return None, None, settings.old_secret_until
        old, new = row.secret, new_signing_key()
        row.secret = new
        row.save(update_fields=["secret"])
        settings.old_secret, settings.old_secret_until, settings.secret_shown = old, now + OVERLAP, False
        settings.updated = now
        settings.save(update_fields=["old_secret", "old_secret_until", "secret_shown", "updated"])
    return new, old, settings.old_secret_until
