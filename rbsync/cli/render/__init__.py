"""The looks of values for people."""
