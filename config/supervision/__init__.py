"""One foreground process that keeps the web server and the worker clusters alive, and stops them when it ends."""
