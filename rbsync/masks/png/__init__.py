"""PNG files, read as what was written or refused."""
