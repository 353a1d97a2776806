"""The lock of a dataset: text files that pin each file, label and setting, made to be committed."""
