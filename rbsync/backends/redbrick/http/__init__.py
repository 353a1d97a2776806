"""HTTP with deadlines, pools and redaction. It knows nothing of RedBrick."""
