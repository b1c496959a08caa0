"""Files in: a merchant's CSV exports become rows, all of a file or nothing of it.

Imports tell what is already so at the shop. They are no acts: they write no activity and no events.
"""
