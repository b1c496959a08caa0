"""An app that shortens leases and waits, so that trials and tests take minutes instead of hours."""
