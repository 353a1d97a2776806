"""Pages of HTML: one file each, which asks nobody for anything."""
