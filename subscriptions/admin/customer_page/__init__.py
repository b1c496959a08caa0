"""The page of one customer, a module for each part; each part takes a fixed number of queries."""
