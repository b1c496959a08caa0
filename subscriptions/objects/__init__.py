"""The objects of section 5 of the REST contract, one table each: its keys and how a row gives their values.

The REST API answers with them and describes itself by them; the order post in JSON is made of them.
"""
