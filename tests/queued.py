from django.utils.module_loading import import_string
from django_q.models import OrmQ


def run_tasks() -> None:
    """Do what a worker would do with the queued tasks."""
    for queued in OrmQ.objects.order_by("pk"):
        import_string(queued.task["func"])(*queued.task["args"])
        queued.delete()
