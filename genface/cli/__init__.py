"""The command line: parses, calls one pipeline, prints one line per result."""
