"""One foreground process that keeps the web server and the worker clusters alive and ends with them all."""
