from django.db import migrations

# Attempts that were left without an answer so far have been counted; the text marks them, as `queue.count_deaths` does.
COUNTED = """
UPDATE integrations_attempt SET detail = 'The worker ended before it noted an answer.'
WHERE milliseconds IS NULL AND detail = '';
"""
# A delivery is updated once now, when it leaves the index of those that wait; room on its page would help nothing.
NO_ROOM = "ALTER TABLE integrations_delivery RESET (fillfactor)"
ROOM = "ALTER TABLE integrations_delivery SET (fillfactor = 75)"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0010_delivery_health")]

    operations = [
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
        migrations.RunSQL(NO_ROOM, ROOM),
    ]
