"""From a class index to exact rings, and back to pixels."""
