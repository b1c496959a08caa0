"""Recent Activity: what happened to a customer, a subscription or an order, who did it, and by which door."""
