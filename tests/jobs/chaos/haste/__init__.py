"""An app that shortens the times after which a silent worker counts as dead, so that a test need not wait for them."""
