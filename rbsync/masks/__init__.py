"""Masks: colour picture -> class index -> rings or NIfTI, and back. Pure functions.

`encode_pixel` and `encode_nifti` are the two encodings of `masks.md`, `decode_pixel` and
`decode_nifti` their inverses. The parts are there too: `read_mask` gives the class index,
`trace` its rings as arrays, `labels_of`, `pixel_json` and `label_map_of` what is sent.
"""

from rbsync.masks.classes.binary_masks import read_binary_pngs
from rbsync.masks.classes.class_index import ClassIndex, read_mask
from rbsync.masks.classes.class_map import ClassMap, Colour, load_class_map, read_class_map
from rbsync.masks.classes.palette import complete_class_map
from rbsync.masks.classes.picture import MaskSource
from rbsync.masks.classes.present import present
from rbsync.masks.classes.voc import read_indexed_png
from rbsync.masks.coco.annotations import coco_labels
from rbsync.masks.encodings.label_map import decode_nifti, encode_nifti, label_map_of
from rbsync.masks.encodings.pixel import decode_pixel, encode_pixel, labels_of, pixel_json
from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import Volume, read_nifti, write_nifti
from rbsync.masks.outlines.rings import Rings
from rbsync.masks.outlines.tracing import trace
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.masks.png.header import PngHeader, read_header
from rbsync.masks.size import check_same_size, shown_size
from rbsync.masks.volumes.segmentation import Segmentation, check_segmentation

__all__ = [
    "MAX_PIXELS",
    "ClassIndex",
    "ClassMap",
    "Colour",
    "MaskError",
    "MaskSource",
    "PngHeader",
    "Rings",
    "Segmentation",
    "Volume",
    "check_same_size",
    "check_segmentation",
    "coco_labels",
    "complete_class_map",
    "decode_nifti",
    "decode_pixel",
    "encode_nifti",
    "encode_pixel",
    "label_map_of",
    "labels_of",
    "load_class_map",
    "pixel_json",
    "present",
    "read_binary_pngs",
    "read_class_map",
    "read_header",
    "read_indexed_png",
    "read_mask",
    "read_nifti",
    "shown_size",
    "trace",
    "write_nifti",
]
