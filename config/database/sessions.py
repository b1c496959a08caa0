"""What the portal asks of a session of PostgreSQL, with a pooler in between or without."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import connections

# As PostgreSQL writes them. A REST client waits two seconds for a customer whom another write has locked.
SESSION_SETTINGS = {"jit": "off", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "1min"}
READ = f"SELECT {', '.join(f'current_setting({name!r})' for name in SESSION_SETTINGS)}"


def connection_settings(
    database: Mapping[str, Any], *, pooled: bool, max_age: int, prepare_threshold: int
) -> dict[str, Any]:
    """An entry of DATABASES from what its URL says. `max_age` is in seconds.

    A pooler gives each transaction whichever session is free. None knows the statements that were prepared in another,
    and most refuse settings at the start of a session: there they belong to the role, as `check_sessions` says.
    """
    session = {
        "options": " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items()),
        "prepare_threshold": prepare_threshold,
    }
    options = {"server_side_binding": True, "connect_timeout": 5} | ({"prepare_threshold": None} if pooled else session)
    return {
        **database,
        "ENGINE": "config.database",
        # The ORM broker is ten times slower when each of its queries opens a connection.
        "CONN_MAX_AGE": max_age,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        "OPTIONS": {**database.get("OPTIONS", {}), **options},
    }


def missing_settings(using: str = "default") -> dict[str, str]:
    """Those of SESSION_SETTINGS that the sessions behind a pooler lack."""
    if not settings.DATABASE_POOLED:
        return {}
    with connections[using].cursor() as cursor:
        cursor.execute(READ)
        found = dict(zip(SESSION_SETTINGS, cursor.fetchone(), strict=True))
    return {name: value for name, value in SESSION_SETTINGS.items() if found[name] != value}


def what_to_do(missing: Mapping[str, str]) -> str:
    """The statements for whoever looks after the database."""
    return " ".join(f"ALTER ROLE CURRENT_USER SET {name} = '{value}';" for name, value in missing.items())


def check_sessions(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check portal.W002, run by `migrate` and `check --database default`."""
    return [
        Warning(
            f"The sessions behind the pooler of the database {using!r} lack {', '.join(missing)}.",
            hint=f"As the portal's role: {what_to_do(missing)} Then let the pooler connect anew.",
            id="portal.W002",
        )
        for using in databases or []
        if (missing := missing_settings(using))
    ]
