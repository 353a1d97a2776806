"""Checks whether rbsync can work here: this machine, the way to the service, and the project.

`machine` looks at this machine, `probing` at a project through the port of backends. What only one
kind of backend can be asked stands with that backend, in its settings' ``checks``.
"""
