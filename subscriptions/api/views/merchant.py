from subscriptions.api.filtersets import CancelReasonFilters
from subscriptions.api.serializers import CancelReasonSerializer
from subscriptions.api.views.base import ListView
from subscriptions.models import CancelReason


class CancelReasonList(ListView):
    """The reasons that customers may choose from when they cancel."""

    queryset = CancelReason.objects.filter(archived=False)
    serializer_class = CancelReasonSerializer
    filterset_class = CancelReasonFilters
    across = False
    default_order = ("code", "id")
