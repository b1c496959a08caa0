"""The objects of the REST API, as section 5 of its contract has them: a table for each says how rows give its values.

The API's answers, its schema and the order post in JSON are all written by these tables.
"""
