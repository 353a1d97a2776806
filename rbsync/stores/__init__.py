"""Where the state lives: the port, and the stores that satisfy it."""
