"""The objects of the REST API, as in section 5 of its contract: one table each says how to get the values from rows.

The API's answers, its schema and the order post in JSON all come from these tables.
"""
