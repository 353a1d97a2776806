"""Looking at local files: walk a tree, hash a file, remember what was seen."""
