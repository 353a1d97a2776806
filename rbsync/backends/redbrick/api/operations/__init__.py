"""The operations of the service: one function for each, small typed values in and out.

Source of names, variables and fields: the interface as the service's own client uses it. The
documents are ours. They select nothing that that client does not select in the same operation,
since fields that it never asks for may not exist there.
"""
