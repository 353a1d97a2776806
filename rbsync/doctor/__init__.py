"""Checks whether rbsync can work here: this machine, the state, the service, and the project.

`machine` looks at this machine, `state_checks` at a state through the port of stores, `probing` at
a project through the port of backends. What only one kind of store or backend can be asked stands
with it: in a store's ``checks``, and in those of a backend's settings.
"""
