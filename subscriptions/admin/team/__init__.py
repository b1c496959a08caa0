"""The people who work for a merchant: who they are, how they come in, and where they are logged in."""
