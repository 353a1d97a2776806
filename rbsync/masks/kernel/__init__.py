"""The compiled tracer: a C library behind ctypes, optional on every machine."""
