"""What the fields of the schema that need a function are answered with: one file a subject."""
