"""Puts objects into the example's bucket: python objects.py KEY=FILE …

A key without a file is an image of one pixel.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import obstore
from obstore.store import S3Store

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# Address and credentials come from the environment, as for all of Amazon's tools.
store = S3Store(
    "street-images", virtual_hosted_style_request=False, client_options={"allow_http": True}
)
for one in sys.argv[1:]:
    key, _, file = one.partition("=")
    obstore.put(store, key, Path(file).read_bytes() if file else PIXEL)
