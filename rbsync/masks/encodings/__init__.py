"""The two forms in which masks are sent as labels: rings of pixels, and NIfTI."""
