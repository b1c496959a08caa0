"""Links by which somebody sets a new password without the old one."""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

RESET_HOURS = settings.PASSWORD_RESET_TIMEOUT // 3600


def reset_link(user: User) -> str:
    """It works until the password is changed, until the next login, or for RESET_HOURS."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return settings.PUBLIC_URL + reverse("new_password", args=[key, default_token_generator.make_token(user)])
