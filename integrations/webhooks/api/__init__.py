"""Table 6.11 of the REST API, in the style of `subscriptions.api`."""
