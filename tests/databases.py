"""Databases of their own on the server of the tests, and comparisons of them."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from config import postgres

Rows = dict[str, list[dict[str, Any]]]
TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"


def database_url(name: str) -> str:
    return settings.DATABASE_URL.replace("/postgres?", f"/{name}?")


@contextmanager
def new_database(name: str, template: str = "template0") -> Iterator[str]:
    """A database, and its URL, until the end of the block."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        yield database_url(name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Django uses that database in the block."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def read_rows(url: str) -> Rows:
    """All rows of all tables, and where the sequences stand."""
    with psycopg.connect(url) as database:
        tables = [name for (name,) in database.execute(TABLES)]
        rows = {
            name: [row for (row,) in database.execute(f"SELECT to_jsonb(t) FROM {name} t ORDER BY 1")]
            for name in tables
        }
        sequences = database.execute(SEQUENCES).fetchall()
    return rows | {"sequences": [{"name": name, "value": value} for name, value in sequences]}


def count_rows(rows: list[dict[str, Any]]) -> Counter[str]:
    """How often each row is there."""
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def read_schema(url: str) -> list[str]:
    """What makes the tables, indexes, constraints, functions and triggers."""
    dump = subprocess.run(
        [postgres.BIN / "pg_dump", "--schema-only", "--no-owner", url], capture_output=True, text=True, check=True
    )
    # Each dump has a random key of its own, and restored expressions have their casts and brackets elsewhere.
    lines = [line for line in dump.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    return [re.sub(r"::(character varying|text)|[()]|\[\](?!\w)", "", line) for line in lines]
