"""The service's interface: its addresses, keys, operations and answers."""
