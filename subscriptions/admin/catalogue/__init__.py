"""The pages of what a merchant sells and gives: products, groups, offers, incentives, resources and access to them."""
