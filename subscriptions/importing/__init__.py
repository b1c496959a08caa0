"""Imports of CSV files as shop platforms export them.

An import records what is already true at the shop. It is no action: it writes no activities and no events.
"""
