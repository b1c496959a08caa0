"""An app that shortens leases and waits, so that a trial takes minutes instead of hours."""
