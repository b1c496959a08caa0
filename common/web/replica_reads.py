"""Which views may be answered from a replica of the database, where the installation has one."""

from typing import TypeVar

View = TypeVar("View")


def reads_replica(view: View) -> View:
    """Decorates a view, or a class of views, whose GETs only read. `config.database.replica` looks for the mark."""
    view.reads_replica = True  # type: ignore[attr-defined]  # a function, or a class
    return view


def may_read_replica(view: object) -> bool:
    return any(getattr(each, "reads_replica", False) for each in (view, getattr(view, "cls", None)))
