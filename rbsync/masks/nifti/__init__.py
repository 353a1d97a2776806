"""NIfTI files: headers, voxels, and writing."""
