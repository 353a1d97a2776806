"""The functions that answer fields of the schema: one file a subject."""
