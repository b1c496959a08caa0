"""An app that shortens leases and waits, so that the chaos tests need not wait for them."""
