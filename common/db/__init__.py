"""Fast statements for what runs all the time."""

from common.db.ids import next_id, reserve_ids
from common.db.prepared import AnyOf, Param, Query, insert, insert_many, pipeline, update, update_many
from common.db.rows import copy_row, new_row
from common.db.statements import execute, fetch_rows
from common.db.writes import gathered, write

__all__ = [
    "AnyOf",
    "Param",
    "Query",
    "copy_row",
    "execute",
    "fetch_rows",
    "gathered",
    "insert",
    "insert_many",
    "new_row",
    "next_id",
    "pipeline",
    "reserve_ids",
    "update",
    "update_many",
    "write",
]
