"""Where staff are logged in."""

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.module_loading import import_string


class StaffSession(AbstractBaseSession):
    """Deleting the row ends the session. The key is a credential: pages name a session by its public id."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    # Not unique: when a session gets a new key, Django writes the new row before it deletes the old one.
    public_id = models.UUIDField(null=True)
    browser = models.CharField(max_length=100, blank=True)
    address = models.GenericIPAddressField("IP address", null=True)
    began = models.DateTimeField("logged in", null=True)
    seen = models.DateTimeField("last seen", null=True, help_text="To five minutes.")

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        found: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        return found
