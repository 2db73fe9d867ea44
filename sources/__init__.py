"""Where records come from, and where persons stop: the only room that sees raw records."""
