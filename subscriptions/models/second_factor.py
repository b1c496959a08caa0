"""The second factor of a login: an authenticator app, and codes for the day on which it is lost."""

import secrets
import time
from binascii import unhexlify
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import ThrottlingMixin
from django_otp.oath import TOTP

from subscriptions.models.fields import EncryptedField

RECOVERY_CODES = 10


class SecondFactor(ThrottlingMixin, models.Model):
    """An authenticator app, and recovery codes for the day on which it is lost. There is a row only once it works."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="second_factor")
    key = EncryptedField(help_text="In hex, as RFC 6238 uses it.")
    last_step = models.BigIntegerField(default=-1, help_text="Of the last code: each works once.")
    recovery = ArrayField(models.CharField(max_length=64), default=list, help_text="Digests of unused recovery codes.")
    created = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Second factor of {self.user}"

    @property
    def has_to_wait(self) -> bool:
        """Whether the last wrong code is too recent: a second, doubled with each, an hour at most."""
        failed, count = self.throttling_failure_timestamp, self.throttling_failure_count
        return bool(failed) and timezone.now() < failed + timedelta(seconds=min(2 ** (count - 1), 3600))

    def verify(self, code: str) -> bool:
        """Whether `code` is right: of the app, or a recovery code. It is used up. Needs the row locked."""
        if self.has_to_wait:
            return False
        code = code.replace(" ", "").replace("-", "").lower()
        if not (self._use_app_code(code) or self._use_recovery_code(code)):
            self.throttle_increment()
            return False
        self.throttle_reset(commit=False)
        self.save()
        return True

    def _use_app_code(self, code: str) -> bool:
        step = find_step(self.key, code, after=self.last_step)
        self.last_step = self.last_step if step is None else step
        return step is not None

    def _use_recovery_code(self, code: str) -> bool:
        secrets_in_use = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        digests = {digest_recovery_code(self.user_id, code, secret) for secret in secrets_in_use}
        unused = [each for each in self.recovery if each not in digests]
        is_known, self.recovery = len(unused) < len(self.recovery), unused
        return is_known

    def new_recovery_codes(self) -> list[str]:
        """Codes that replace the earlier ones; they can be shown only now."""
        codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
        self.recovery = [digest_recovery_code(self.user_id, code) for code in codes]
        return [f"{code[:5]}-{code[5:]}" for code in codes]


def find_step(key: str, code: str, after: int = -1) -> int | None:
    """The step of the clock whose code this is, if it is the present one or a neighbour, and later than `after`."""
    if not (code.isascii() and code.isdecimal() and len(code) == 6):
        return None
    totp = TOTP(unhexlify(key[:]))  # a slice, since the text of a secret is a mask
    totp.time = time.time()
    return totp.t() if totp.verify(int(code), tolerance=1, min_t=after + 1) else None


def digest_recovery_code(user: int, code: str, secret: str | None = None) -> str:
    """With `secret`, or else the present `SECRET_KEY`."""
    return salted_hmac("recovery code", f"{user}:{code}", secret, algorithm="sha256").hexdigest()


def has_second_factor(user: AbstractBaseUser) -> bool:
    return SecondFactor.objects.filter(user=user.pk).exists()
