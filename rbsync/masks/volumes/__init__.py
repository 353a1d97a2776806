"""Label maps in three dimensions, and the segmentations that they come from."""
