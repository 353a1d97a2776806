"""Buckets of S3, Google Cloud Storage and Azure: listed, and never written to.

Loaded by manifests that name one, and by no others. What speaks to them is the extra
``rbsync[buckets]``.
"""
