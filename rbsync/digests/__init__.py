"""Digests of many short texts, and the hash function that compiled code of other rooms shares."""
