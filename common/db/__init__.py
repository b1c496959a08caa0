"""Fast reads and writes, for the code that runs all the time: actions, and jobs over many customers.

Django takes several times as long to build a wide statement's SQL, and the objects around it, as PostgreSQL takes to
answer. Here the SQL is built once, and later only its values change. Everywhere else use the ORM, which does more.

Read: a `Query` compiles a queryset at its first run. `Param` and `AnyOf` stand for the values that each run passes.

    ORDERS = Query(lambda: Order.objects.select_related("payment").filter(customer=Param("customer"), status=1))
    orders = ORDERS.all(customer=7)

Write: `insert(row)`, `update(row, "status", "total")`, and for many rows in one statement `insert_many` and
`update_many`. They write what `save()` writes. Values of plain types go to the database as they are. Every other value
is converted by its field, and so is every value of a field class that has conversions of its own. New rows that need
more than that, such as a default of the database, are left to Django.

Make: `new_row(Order, status=1)` is `Order(status=1)` for values that fit their fields; `copy_row(order)` is
`copy.copy(order)`.

Do not wait: inside a `pipeline`, only statements whose rows are read wait. `reserve_ids` fetches the keys of new rows
beforehand, so that no `insert` has to read one.

    with transaction.atomic(), pipeline(), reserve_ids({Activity: 1, Event: 2}):
        ...

SQL of your own: `fetch_rows` and `execute` prepare each SQL text once; `plain_array` and `text_array` write long
arrays. `skip_flush` is for transactions that may be lost in a crash.

Rules and limits:
- There are no signals, and an overridden `save()` is not called.
- Everything uses the default database.
- Write a row after the rows it refers to.
- Updating a deleted row changes nothing and raises nothing.
- An expression can be given to a new row, but not to a changed one.
- A system check (`common.E001`) and the first use refuse some models: see `columns.refusals`.
"""

from common.db.query import AnyOf, Param, Query, copy_row
from common.db.statements import execute, fetch_rows, pipeline, plain_array, skip_flush, text_array
from common.db.writing import insert, insert_many, new_row, reserve_ids, update, update_many

__all__ = ["AnyOf", "Param", "Query", "copy_row", "execute", "fetch_rows", "insert", "insert_many", "new_row"]
__all__ += ["pipeline", "plain_array", "reserve_ids", "skip_flush", "text_array", "update", "update_many"]
