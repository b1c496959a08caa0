"""The available integrations, by `Connection.integration`."""

from integrations.attentive.integration import Attentive
from integrations.base import Integration
from integrations.gladly.timeline.integration import Gladly
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection
from integrations.webhooks.integration import Webhooks

INTEGRATIONS: dict[str, Integration] = {
    Connection.Integration.KLAVIYO: Klaviyo(),
    Connection.Integration.ATTENTIVE: Attentive(),
    Connection.Integration.WEBHOOK: Webhooks(),
    Connection.Integration.GLADLY: Gladly(),
}
