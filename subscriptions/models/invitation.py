"""Invitations to a merchant's team."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from subscriptions.models.merchant import Membership, Merchant, Role

INVITATION_DAYS = 7


def digest_invitation(token: str) -> str:
    # A token is as long as a hash, so it needs no salt.
    return sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """A link by which one person joins the team, once. Only a digest of the link's token is stored."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail", help_text="Of the person you invite. It becomes their login.")
    role = models.CharField(max_length=16, choices=Role, default=Role.READ_ONLY)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created = models.DateTimeField("sent", default=timezone.now, editable=False)
    expires = models.DateTimeField(editable=False)
    accepted = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["merchant", "-created"], name="invitation_list")]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    def new_token(self) -> str:
        """The token of a new link, which is valid from now on; an earlier link of the invitation ends."""
        token = secrets.token_urlsafe(32)
        self.digest = digest_invitation(token)
        self.created = timezone.now()
        self.expires = self.created + timedelta(days=INVITATION_DAYS)
        return token


def open_invitations() -> "QuerySet[Invitation]":
    """Those whose links work. Whoever is no longer an owner must not come back by a link of their own."""
    owners = Membership.objects.filter(merchant=OuterRef("merchant"), user=OuterRef("invited_by"), role=Role.OWNER)
    return Invitation.objects.filter(Exists(owners), accepted=None, expires__gt=timezone.now())
