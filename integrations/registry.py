"""The available integrations, by `Connection.integration`."""

from integrations.base import Integration
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection

INTEGRATIONS: dict[str, Integration] = {
    Connection.Integration.KLAVIYO: Klaviyo(),
}
