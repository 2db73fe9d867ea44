"""Where the parts meet: settings, wiring, use cases, REST, web page and command line."""
