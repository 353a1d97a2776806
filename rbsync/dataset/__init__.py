"""From a manifest to the dataset that it declares: expand, look at the files, fingerprint."""
