"""Items of every kind that has a picture."""

from __future__ import annotations

import io
from typing import Any

import nibabel
import numpy as np
from PIL import Image

from tests.dicoms import dicom

SHAPE = (6, 8, 4)


def nifti(voxels: np.ndarray, affine: np.ndarray) -> bytes:
    return nibabel.Nifti1Image(voxels, affine).to_bytes()


def scan() -> tuple[np.ndarray, np.ndarray]:
    """A grey scan with a bright spot to the right, in front and on top, and its label."""
    grey, labels = np.full(SHAPE, 100, np.int16), np.zeros(SHAPE, np.uint8)
    grey[4:, 6:, 3:], labels[4:, 6:, 3:] = 1000, 1
    return grey, labels


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def slice_(number: int, **more: str) -> bytes:
    tags = {
        "window": {(0x28, 0x1050): (b"DS", "100"), (0x28, 0x1051): (b"DS", "51")},
        "form": {(0x28, 0x0004): (b"CS", more.get("form", "MONOCHROME2"))},
    }
    own = {**tags["form"], **(tags["window"] if "window" in more else {})}
    own |= {
        (0x28, tag): (b"US", chr(value) + "\0")
        for tag, value in ((2, 1), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0))
    }
    return dicom(number, rows=4, columns=5, more=own)


def upright_photographs() -> dict[str, bytes]:
    """Pictures of 20 x 30 pixels whose first five rows are white, and the rest black."""
    upright = Image.new("RGB", (20, 30), "black")
    upright.paste("white", (0, 0, 20, 5))
    grey = np.asarray(upright.convert("L"))
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = np.dstack([np.zeros((30, 20, 3), np.uint8), 255 - grey])
    return {
        "png": saved(upright, "PNG"),
        "turned": saved(upright.rotate(90, expand=True), "JPEG", exif=exif, quality=95),
        "cmyk": saved(upright.convert("CMYK"), "JPEG", quality=95),
        "deep": saved(Image.fromarray(grey.astype(np.uint16) * 16), "PNG"),
        "clear": saved(Image.fromarray(clear), "PNG"),
    }


def series_slice(pixels: np.ndarray, number: int, sizes: tuple[float, float, float]) -> bytes:
    """A DICOM slice (row, column) of int16 whose rows run to the back, and columns to the left."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"slice {number}"])
    made = FileDataset("", Dataset(), file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID = made.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    made.PatientID, made.Modality, made.InstanceNumber = "head", "CT", number
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.PixelSpacing, made.SliceThickness = [sizes[1], sizes[0]], sizes[2]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.ImagePositionPatient = [0, 0, number * sizes[2]]
    made.WindowCenter, made.WindowWidth = 250, 420
    made.PixelData = np.ascontiguousarray(pixels, "<i2").tobytes()
    file = io.BytesIO()
    made.save_as(file)
    return file.getvalue()
