"""Foreign keys whose rows the database itself deletes or sets to null.

Django would fetch and update all rows that point at an order, one statement per table, each time an empty order is
deleted. Such keys are `DO_NOTHING` in the model, and a migration sets their rule with `on_delete`.
"""

from typing import Literal

from django.db.migrations import RunSQL

REPLACE = """
DO $$
DECLARE key record;
BEGIN
    SELECT conname, pg_get_constraintdef(oid) AS definition INTO STRICT key
    FROM pg_constraint
    WHERE contype = 'f' AND conrelid = '{table}'::regclass AND conkey = ARRAY[(
        SELECT attnum FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'
    )];
    EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', key.conname);
    EXECUTE format('ALTER TABLE {table} ADD CONSTRAINT %I %s', key.conname,
                   replace(key.definition, ' DEFERRABLE', ' ON DELETE {rule} DEFERRABLE'));
END $$
"""


def on_delete(table: str, column: str, rule: Literal["CASCADE", "SET NULL"]) -> RunSQL:
    """The migration operation that sets the rule of the foreign key `column` of `table`."""
    return RunSQL(REPLACE.format(table=table, column=column, rule=rule), RunSQL.noop)
