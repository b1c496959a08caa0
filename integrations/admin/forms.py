"""The form of each kind of connection that staff may make."""

from typing import Any

from integrations.admin.connection_forms import ConnectionForm
from integrations.admin.gladly.form import GladlyForm
from integrations.admin.target_form import TargetForm
from integrations.models import Connection

FORMS: dict[str, Any] = {
    Connection.Integration.KLAVIYO: ConnectionForm,
    Connection.Integration.ATTENTIVE: ConnectionForm,
    Connection.Integration.WEBHOOK: TargetForm,
    Connection.Integration.GLADLY: GladlyForm,
}
