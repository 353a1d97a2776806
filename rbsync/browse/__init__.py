"""A page on loopback over a project: to look at, and to change nothing with."""
