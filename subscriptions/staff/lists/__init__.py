"""Lists for work: tabs, filters by day, saved views, facts of a page's rows in few queries, and export as CSV."""
