"""Inputs that a stranger made to cost time or memory, each planned by a process with limits.

``python -m tests.trust.slow_inputs 200`` plans two hundred random ones of all kinds and prints
what each kind took at most; 1 is the exit code when one of them took more than is allowed, or
ended in another way than with an answer.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rbsync.errors import ExitCode
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

SECONDS = 5
MIB = 500
ADDRESSES = 1536
"""MiB that a process may reserve: libraries and threads reserve what they never use."""

ANSWERS = frozenset({ExitCode.DONE, ExitCode.ERROR, ExitCode.INCOMPLETE, ExitCode.INVALID})
_MEASURED = """
import sys
from rbsync.cli.main import main
code = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(peak.split()[1], file=sys.stderr)
sys.exit(code)
"""
Kind = Callable[[Project, random.Random, float], None]
"""Writes an input of a kind into a project; the last argument is its size, 1 for all of it."""

BOXES = "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
MASKS = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
LABELLED = BOXES + "datapoints: [{name: a, items: [a.png], labels: a.json}]\n"
MASKED = (
    MASKS + "masks: [{glob: masks/*.png, image: 'images/{stem}.png', class_map: classes.json}]\n"
)
SCAN = "datapoints: [{{name: a, items: [{}]}}]\n"


class Cost(NamedTuple):
    """What a plan took, its exit code, and the end of what it said. Seconds are the processor's."""

    seconds: float
    mib: float
    code: int
    err: str

    @property
    def is_fine(self) -> bool:
        answered = self.code in ANSWERS and "Traceback" not in self.err
        return answered and self.seconds <= SECONDS and self.mib <= MIB


def cost(project: Project, *arguments: str) -> Cost:
    """Plans in a process of its own, which ends when it has taken what is allowed."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES << 20, ADDRESSES << 20))
        # A second more than is allowed: a process that was ended tells nothing of its memory.
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 1, SECONDS + 2))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *(arguments or ("plan",))],
        cwd=project.folder,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        preexec_fn=limit,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    *said, peak = done.stderr.splitlines() or ["0"]
    mib = int(peak) / 1024 if peak.isdecimal() else float("inf")
    return Cost(
        round(seconds, 2), round(mib, 1), done.returncode, "\n".join(said or [peak])[-2000:]
    )


def _many(number: float, size: float) -> int:
    return max(1, int(number * size))


def _pattern(chance: random.Random) -> str:
    return chance.choice(
        [
            "*a" * chance.randrange(5, 300),
            "{a,aa}" * chance.randrange(2, 9),
            "{a,aa}" * 60,
            "{a," * chance.randrange(3, 300) + "b" + "}" * 300,
            "**/" * chance.randrange(3, 100) + "*a*b",
            "*" * chance.randrange(3, 900),
            "[" + "a-z" * chance.randrange(3, 200) + "]*" * 3 + "b",
            "?" * chance.randrange(3, 900) + "*",
            "{x}a{y}a{z}" + "*a" * chance.randrange(3, 100),
            "(" * 500 + "a+" * 100,
        ]
    )


def patterns(project: Project, chance: random.Random, size: float) -> None:
    """Stars and choices, as patterns, exclusions and rules of an ignore file."""
    for at in range(_many(200, size)):
        project.write(f"images/{'a' * chance.randrange(60, 200)}{at}.png", png(at % 200))
    own = [json.dumps(f"images/{_pattern(chance)}") for _ in range(3)]
    excluded = ", ".join(json.dumps(f"**/{_pattern(chance)}") for _ in range(20))
    project.write(".rbsyncignore", "".join(f"{_pattern(chance)}\n" for _ in range(20)))
    project.manifest(
        "datapoints:\n"
        + "".join(f"  - {{glob: {one}, allow_empty: true}}\n" for one in own)
        + f"  - {{glob: 'images/*.png', exclude: [{excluded}]}}\n"
        + f"  - {{glob: 'images/*.png', name: {json.dumps(_pattern(chance))}}}\n"
    )


def many_patterns(project: Project, chance: random.Random, size: float) -> None:
    """So many rules that each file would be held against tens of thousands."""
    for at in range(_many(500, size)):
        project.write(f"images/{at}.png", png(at % 200))
    count = _many(chance.choice([5_000, 20_000]), size)
    texts = [f"*{chance.randrange(10**9)}*x{at}*" for at in range(count)]
    if chance.random() < 0.5:
        project.write(".rbsyncignore", "\n".join(texts))
        project.manifest("datapoints: [{glob: images/*.png}]\n")
    else:
        project.manifest(f"datapoints: [{{glob: images/*.png, exclude: {json.dumps(texts)}}}]\n")


def unknown_keys(project: Project, chance: random.Random, size: float) -> None:
    """Thousands of keys that mean nothing, at a level of the manifest."""
    keys = "".join(f", key{at}: {at}" for at in range(_many(chance.choice([8_000, 20_000]), size)))
    project.manifest(
        chance.choice(
            [
                f"datapoints: [{{glob: '*.png'{keys}}}]\n",
                f"policy: {{prune: true{keys}}}\n",
                f"defaults: {{priority: 1{keys}}}\n",
                f"project: {{type: IMAGE_BBOX{keys}}}\n",
                keys.replace(", ", "\n") + "\n",
            ]
        )
    )


def undefined_variables(project: Project, chance: random.Random, size: float) -> None:
    """Thousands of variables that nobody may read."""
    count = _many(20_000, size)
    if chance.random() < 0.5:
        text = ", ".join(f"'${{X{at}}}'" for at in range(count))
    else:
        text = "'" + "".join(f"${{X{at}}}" for at in range(count)) + "'"
    project.manifest(f"datapoints: [{{name: a, items: [{text}]}}]\n")


def wrong_labels(project: Project, chance: random.Random, size: float) -> None:
    """A file of labels each of which is wrong."""
    count = _many(20_000, size)
    wrong = chance.choice(
        [
            {"category": [["object", "carr"]], "bbox2d": {"xnorm": 7}},
            {"categroy": [["object", "car"]]},
            {"category": [["object", "x" * 30]]},
            7,
            {},
            [[]],
            {"labelid": "same"},
        ]
    )
    project.write("a.png", png(1))
    project.write("a.json", [wrong] * count)
    project.manifest(LABELLED)


def wide_label(project: Project, chance: random.Random, size: float) -> None:
    """A label of thousands of members, values or attributes."""
    count = _many(20_000, size)
    label = chance.choice(
        [
            {f"key{at}": at for at in range(count)},
            {"category": [["object", "car"]], "bbox2d": {f"x{at}": 1 for at in range(count)}},
            {"category": [["object"] * count]},
            {"category": [["object", "car"]], "polygon": [{"xnorm": 2, "ynorm": -1}] * count},
            {
                "category": [["object", "car"]],
                "attributes": [{"name": f"a{at}", "value": [at]} for at in range(count)],
            },
        ]
    )
    project.write("a.png", png(1))
    project.write("a.json", [label])
    project.manifest(LABELLED)


def large_labels(project: Project, chance: random.Random, size: float) -> None:
    """A label file up to its limit and beyond, of what takes most memory when it is read."""
    length = _many(chance.choice([20, 60, 63, 70, 200]) << 20, size)
    piece = chance.choice(["{},", "[],", "0,", '"",', '{"a":0},', "[[]],", "1.5,", "null,"])
    project.write("a.png", png(1))
    text = piece * (length // len(piece))
    text = (
        chance.choice(["[%s0]", '[{"category": [%s0]}]', "[%s", '[{"stats": {"x": [%s0]}}]']) % text
    )
    project.write("a.json", text)
    project.manifest(LABELLED)


def columns(project: Project, chance: random.Random, size: float) -> None:
    """A CSV file of tens of thousands of columns."""
    count = _many(30_000, size)
    kind = chance.choice(["metadata.{}", "column{}", "metadata.x"])
    names = ",".join(["name", "item", *(kind.format(at) for at in range(count))])
    row = ",".join(["a", "a.png", *("x" * count)])
    project.write("a.png", png(1))
    project.write("list.csv", "\n".join([names, *[row] * chance.choice([1, 20])]) + "\n")
    project.manifest("datapoints: [{items_list: list.csv}]\n")


def long_lines(project: Project, chance: random.Random, size: float) -> None:
    """A list whose one line, entry or value is far longer than any that people write."""
    length = _many(chance.choice([2, 17, 64]) << 20, size)
    end = chance.choice(["jsonl", "json", "csv"])
    value = chance.choice(["x" * length, "\\u0041" * (length // 6)])
    entry = chance.choice(
        [
            f'{{"name": "{value}", "items": ["a.png"]}}',
            f'{{"name": "a", "items": ["{value}"]}}',
            f'{{"name": "a", "items": ["a.png"], "metaData": {{"x": "{value}"}}}}',
            f'{{"name": "a", "items": [{"0," * (length // 2)}0]}}',
            f'{{"name": "a", "items": ["a.png"], "labels": [{"{}," * (length // 3)}0]}}',
            f'{{"name": "a", "items": ["a.png"], "{value}": 1}}',
        ]
    )
    text = {"jsonl": entry, "json": f"[{entry}]", "csv": f'name,item\n"{value}",a.png\n'}[end]
    project.write("a.png", png(1))
    project.write(f"list.{end}", text)
    project.manifest(f"datapoints: [{{items_list: list.{end}}}]\n")


def long_values(project: Project, chance: random.Random, size: float) -> None:
    """A manifest with a value of many MiB."""
    value = chance.choice(["x", "é", "a/", "{a}"]) * _many((2 << 20) * chance.randrange(1, 4), size)
    project.write("a.png", png(1))
    project.manifest(
        chance.choice(
            [
                f"datapoints: [{{name: '{value}', items: [a.png]}}]\n",
                f"datapoints: [{{name: a, items: ['{value}']}}]\n",
                f"datapoints: [{{glob: '{value}'}}]\n",
                f"defaults: {{metadata: {{x: '{value}'}}}}\ndatapoints: [{{glob: a.png}}]\n",
                f"defaults: {{priority: '{value}'}}\ndatapoints: [{{glob: a.png}}]\n",
                f"datapoints: [{{glob: a.png, '{value}': 1}}]\n",
            ]
        )
    )


def numbers(project: Project, chance: random.Random, size: float) -> None:
    """Numbers beyond every type, wherever a number is read."""
    digits = "9" * _many(chance.choice([400, 5_000, 100_000, 10_000_000]), size)
    long = (digits, f"-{digits}", f"1e{digits}", f"0.{digits}", f"0x{digits}")
    others = ("1:" * 20_000 + "1", "0b" + "1" * 100_000, "1_" * 50_000)
    number = chance.choice(["1e999", "-1e999", "NaN", "Infinity", ".inf", *long, *others])
    project.write("a.png", png(1))
    project.write("images/a.png", png(1))
    project.write("masks/a.png", png(1))
    place = chance.randrange(7)
    if place == 0:
        project.manifest(f"datapoints: [{{glob: a.png, priority: {number}}}]\n")
    elif place == 1:
        box = f'{{"xnorm": {number}, "ynorm": 0, "wnorm": 1, "hnorm": 1}}'
        project.write("a.json", f'[{{"category": [["object", "car"]], "bbox2d": {box}}}]')
        project.manifest(LABELLED)
    elif place == 2:
        project.write("list.jsonl", f'{{"name": "a", "items": ["a.png"], "priority": {number}}}')
        project.manifest("datapoints: [{items_list: list.jsonl}]\n")
    elif place == 3:
        project.write("classes.json", f'{{"car": [{number}, 0, 0]}}')
        project.manifest(MASKED)
    elif place == 4:
        image = f'{{"id": {number}, "file_name": "a.png", "width": {number}, "height": 1}}'
        project.write("coco.json", f'{{"images": [{image}], "annotations": [], "categories": []}}')
        project.manifest(MASKS + "masks: [{coco: coco.json, images: images}]\n")
    elif place == 5:
        series = (
            f'{{"items": ["a.png"], "segmentations": "a.nii", "segmentMap": {{"{number}": "car"}}}}'
        )
        project.write("list.json", f'[{{"name": "a", "series": [{series}]}}]')
        project.manifest("datapoints: [{items_list: list.json}]\n")
    else:
        project.write("list.csv", f"name,item,priority\na,a.png,{number}\n")
        project.manifest("datapoints: [{items_list: list.csv}]\n")


def nesting(project: Project, chance: random.Random, size: float) -> None:
    """Brackets within brackets, wherever JSON or YAML is read."""
    depth = _many(chance.choice([100, 1_000, 100_000, 2_000_000]), size)
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
    text = opening * depth + "1" + closing * chance.choice([0, depth])
    project.write("a.png", png(1))
    project.write("images/a.png", png(1))
    project.write("masks/a.png", png(1))
    place = chance.randrange(7)
    if place == 0:
        project.manifest(f"datapoints: {text}\n")
    elif place == 1:
        project.write("a.json", text)
        project.manifest(LABELLED)
    elif place == 2:
        end = chance.choice(["json", "jsonl"])
        project.write(f"list.{end}", text)
        project.manifest(f"datapoints: [{{items_list: list.{end}}}]\n")
    elif place == 3:
        project.write("classes.json", text)
        project.manifest(MASKED)
    elif place == 4:
        project.write("coco.json", f'{{"images": {text}, "annotations": [], "categories": []}}')
        project.manifest(MASKS + "masks: [{coco: coco.json, images: images}]\n")
    elif place == 5:
        project.write("taxonomy.json", text)
        project.manifest("project: {type: IMAGE_BBOX, taxonomy: taxonomy.json}\n")
    else:
        project.write("a.json", f'[{{"category": [["object", "car"]], "stats": {text}}}]')
        project.manifest(LABELLED)


def aliases(project: Project, chance: random.Random, size: float) -> None:
    """Aliases of aliases, which stand for more than any memory holds."""
    levels = chance.randrange(4, 40)
    wide = chance.randrange(2, 12)
    merges = chance.random() < 0.5
    lines = ["a0: &a0 {k: v}" if merges else "a0: &a0 [x, x, x]"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * wide)
        value = f"{{<<: [{inner}], k{level}: v}}" if merges else f"[{inner}]"
        lines.append(f"a{level}: &a{level} {value}")
    end = f"[{{<<: *a{levels - 1}}}]" if merges else f"*a{levels - 1}"
    project.manifest("\n".join([*lines, f"datapoints: {end}"]) + "\n")


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def _zeros(packed_from: int) -> bytes:
    """So many zero bytes, packed."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(packed_from >> 20)]
    return b"".join([*pieces, packer.flush()])


def _bomb_png(chance: random.Random, size: float) -> bytes:
    """A PNG with more packed into a chunk than memory holds, or than its header says."""
    much = _zeros(_many(chance.choice([1 << 30, 4 << 28]), size))
    wide = chance.choice([1, 4, 11_000, 60_000, 2**31 - 1])
    high = chance.choice([1, 3, 11_000, 60_000, 2**31 - 1])
    colours = chance.choice([0, 2, 3, 4, 6])
    header = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + bytes([8, colours, 0, 0, 0])
    where = chance.choice([b"zTXt", b"iCCP", b"iTXt", b"IDAT", b"tEXt"])
    extra = {
        b"zTXt": b"k\0\0" + much,
        b"iCCP": b"k\0\0" + much,
        b"iTXt": b"k\0\1\0\0\0" + much,
        b"tEXt": b"k\0" + bytes(1 << 20),
        b"IDAT": b"",
    }[where]
    data = much if where == b"IDAT" else zlib.compress(b"\0\0\0\0\0" * 3)
    chunks = [(b"IHDR", header)]
    if colours == 3:
        chunks.append((b"PLTE", b"\0\0\0\xff\0\0"))
    chunks += [(where, extra)] * (where != b"IDAT") * chance.choice([1, 5])
    chunks += [(b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def bombs_in_pictures(project: Project, chance: random.Random, size: float) -> None:
    """Pictures and masks that unpack to a gibibyte."""
    project.write("images/a.png", _bomb_png(chance, size) if chance.random() < 0.5 else png(1))
    project.write("masks/a.png", _bomb_png(chance, size))
    project.write("classes.json", {"car": [255, 0, 0], "bus": [0, 255, 0]})
    project.manifest(
        chance.choice([MASKED, "datapoints: [{glob: images/*.png}, {glob: masks/*.png}]\n"])
    )


def _nifti(dims: tuple[int, ...], code: int, bits: int) -> bytes:
    import struct

    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, len(dims), *(*dims, 1, 1, 1, 1, 1, 1, 1)[:7])
    struct.pack_into("<hh", head, 70, code, bits)
    struct.pack_into("<f", head, 108, 352.0)
    struct.pack_into("<8f", head, 76, *[1.0] * 8)
    head[344:348] = b"n+1\0"
    return bytes(head)


def bombs_in_scans(project: Project, chance: random.Random, size: float) -> None:
    """NIfTI files of a few kilobytes that say, or have packed, gibibytes of voxels."""
    dims = chance.choice([(30_000, 30_000, 30_000), (1024, 1024, 1024), (4, 4, 4), (32_767,) * 7])
    code, bits = chance.choice([(2, 8), (4, 16), (512, 16), (16, 32), (64, 64)])
    head = _nifti(dims, code, bits)
    zeros = _many(chance.choice([1 << 28, 1 << 30]), size)
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(head), *(packer.compress(bytes(1 << 20)) for _ in range(zeros >> 20))]
    project.write("scan.nii.gz", b"".join([*pieces, packer.flush()]))
    project.write("good.nii.gz", gzip.compress(_nifti((4, 4, 4), 2, 8) + bytes(64)))
    scan, mask = chance.choice([("scan", "good"), ("good", "scan"), ("scan", "scan")])
    if chance.random() < 0.3:
        project.manifest("datapoints: [{name: a, items: [scan.nii.gz]}]\n")
        return
    series = {
        "items": [f"{scan}.nii.gz"],
        "segmentations": f"{mask}.nii.gz",
        "segmentMap": {"1": "car"},
    }
    project.write("list.json", [{"name": "a", "series": [series]}])
    project.manifest(
        "project: {type: DICOM_SEGMENTATION, taxonomy: [car, bus]}\n"
        "datapoints: [{items_list: list.json}]\n"
    )


def large_pictures(project: Project, chance: random.Random, size: float) -> None:
    """Files of other kinds whose headers promise far more than they have."""
    huge = chance.choice([2**31 - 1, 2**32 - 1, 65_535])
    four, two = huge.to_bytes(4, "little"), min(huge, 65_535).to_bytes(2, "big")
    bodies = {
        "bmp": b"BM" + four + bytes(4) + four + (40).to_bytes(4, "little") + four * 6,
        "jpg": b"\xff\xd8" + b"\xff\xfe\x00\x02" * _many(500_000, size) + b"\xff\xc0" + two * 9,
        "tif": b"II*\0\x08\0\0\0\xff\xff" + (b"\0\1\4\0" + four * 2) * _many(60_000, size),
        "gif": b"GIF89a" + two * 2 + b"\xf7\0\0" + b"\x21\xfe\1a\0" * _many(500_000, size),
        "dcm": bytes(128) + b"DICM" + b"\x08\0\x18\0UN\0\0" + four * _many(200_000, size),
        "nrrd": b"NRRD0005\ntype: uchar\ndimension: 3\nencoding: gzip\nsizes: 9999999 9999999 9\n\n"
        + gzip.compress(bytes(_many(64 << 20, size))),
        "mp4": (b"\0\0\0\x08moov") * _many(500_000, size),
        "webp": b"RIFF" + four + b"WEBPVP8X" + four * 8,
    }
    end = chance.choice(list(bodies))
    project.write(f"images/a.{end}", bodies[end])
    project.manifest("datapoints: [{glob: 'images/*'}]\n")


def sparse_files(project: Project, chance: random.Random, size: float) -> None:
    """Files of a terabyte that store nothing."""
    length = _many(chance.choice([1 << 33, 1 << 36, 1 << 40]), size)
    name = chance.choice(
        ["a.png", "a.dcm", "a.nii", "a.bin", "a.json", "list.jsonl", "rbsync.yaml"]
    )
    project.write("a.png", png(1))
    project.write("a.json", [])
    project.write("list.jsonl", "")
    project.manifest(
        BOXES
        + f"datapoints:\n - {{name: a, items: [{name}], labels: a.json}}\n"
        + " - items_list: list.jsonl\n"
    )
    with (project.folder / name).open("ab") as file:
        file.truncate(length)


def coco_files(project: Project, chance: random.Random, size: float) -> None:
    """Annotations without end: wrong ones, run lengths and outlines of huge pictures."""
    side = chance.choice([4, 10_000, 1 << 20, 1 << 27])
    count = _many(chance.choice([1, 20_000]), size)
    shape: dict[str, Any] = chance.choice(
        [
            {"segmentation": {"size": [side, side], "counts": [side * side]}},
            {"segmentation": {"size": [side, side], "counts": "0" * 100_000}},
            {"segmentation": [[0, 0, side, 0, side, side, 0, side]]},
            {"segmentation": [[chance.random() * side for _ in range(2_000)]] * 50},
            {"segmentation": [[0.0, 1.0] * _many(500_000 / count, 1)]},
            {"segmentation": [[]] * 100},
            {"bbox": [0, 0, side, side]},
        ]
    )
    image = {"id": 1, "file_name": "a.png", "width": side, "height": side}
    one = {"image_id": 1, "category_id": 1, **shape}
    each = min(count, max(1, (20 << 20) // len(json.dumps(one))))
    project.write(
        "coco.json",
        {
            "images": [image],
            "categories": [{"id": 1, "name": "car"}],
            "annotations": [{"id": at, **one} for at in range(each)],
        },
    )
    project.write("images/a.png", png(1))
    project.manifest(MASKS + "masks: [{coco: coco.json, images: images}]\n")


def many_classes(project: Project, chance: random.Random, size: float) -> None:
    """Class maps and taxonomies of tens of thousands of names that are nearly each other's."""
    count = _many(30_000, size)
    names = [f"class{at}" for at in range(count)]
    project.write("images/a.png", png(1))
    project.write("masks/a.png", png(2))
    project.write("a.png", png(1))
    if chance.random() < 0.5:
        project.write(
            "classes.json", {one: [at % 256, at >> 8 & 255, 1] for at, one in enumerate(names)}
        )
        project.manifest(MASKED)
    else:
        project.write("a.json", [{"category": [["object", f"clas{at}"]]} for at in range(count)])
        project.manifest(LABELLED.replace("[car, bus]", json.dumps(names)))


def signs(project: Project, chance: random.Random, size: float) -> None:
    """Lists and markers that thousands of datapoints wait for, pairs of names, and sources."""
    count = _many(2_000, size)
    for at in range(count):
        project.write(f"images/{at}.png", png(at % 200))
    stars = f"{'*a' * chance.choice([1, 100, 400])}"
    place = chance.randrange(4)
    if place == 0:
        names = [f"{at}.png" for at in range(count)] * chance.choice([1, 20, 400])
        project.write("images/SUMS", "\n".join(names))
        sign = "{listed_in: SUMS}"
        project.manifest(f"datapoints: [{{glob: 'images/*.png', complete_when: {sign}}}]\n")
    elif place == 1:
        sign = f"{{marker: '{'../' * 200}{{stem}}.ok'}}"
        project.manifest(f"datapoints: [{{glob: 'images/*.png', complete_when: {sign}}}]\n")
    elif place == 2:
        pairs = "".join(
            f"  - {{from: '{stars}{{x}}{at}', to: 'images/{{x}}{at}'}}\n" for at in range(5 * count)
        )
        project.manifest("datapoints: [{glob: 'images/*.png'}]\nmoved:\n" + pairs)
    else:
        sources = (
            f"  - {{glob: 'images/{stars}{at}.png', allow_empty: true}}\n"
            for at in range(10 * count)
        )
        project.manifest("datapoints:\n" + "".join(sources))


def trees(project: Project, chance: random.Random, size: float) -> None:
    """Folders within folders, and links to links."""
    count = _many(chance.choice([300, 2_000]), size)
    project.write("images/a.png", png(1))
    folder = os.open(project.folder, os.O_RDONLY)
    for at in range(count):
        os.symlink(
            f"{at + 1}.png" if at + 1 < count else "a.png", f"images/{at}.png", dir_fd=folder
        )
    for _ in range(min(count, 900)):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.symlink("..", "up", dir_fd=folder)
    os.close(folder)
    what = chance.choice(["**/*.png", "images/*.png", "**/up/**/*", "images/0.png/*.png"])
    project.manifest(f"roots: [images/0.png]\ndatapoints: [{{glob: '{what}'}}]\n")


def near_names(project: Project, chance: random.Random, size: float) -> None:
    """Thousands of names that are wrong, each much like thousands of those that are right."""
    letters = "abcdefghijklmnopqrstuvwxyz_0123456789" * 2
    right, wrong = (
        ["".join(chance.sample(letters, 60)) for _ in range(_many(count, size))]
        for count in (chance.choice([500, 3_000]), 20_000)
    )
    project.write("images/a.png", png(1))
    project.write("a.png", png(1))
    place = chance.randrange(4)
    if place == 0:
        for name in right:
            project.write(f"images/{name}.png", png(1))
        project.write("list.json", [{"items": [f"images/{one}.png"]} for one in wrong])
        project.manifest("datapoints: [{items_list: list.json}]\n")
    elif place == 1:
        project.write("a.json", [{"category": [["object", one]]} for one in wrong])
        project.manifest(LABELLED.replace("[car, bus]", json.dumps(right)))
    elif place == 2:
        project.write("masks/a.png", png(2))
        colours = ([at % 256, at >> 8 & 255, 1] for at in range(len(wrong)))
        project.write("classes.json", dict(zip(wrong, colours, strict=True)))
        project.manifest(MASKED.replace("[car, bus]", json.dumps(right)))
    else:
        for name in right:
            (project.folder / "labels" / name).mkdir(parents=True)
        sources = (
            f"  - {{glob: a.png, name: '{at}', labels: 'labels/{one}/{{stem}}.json?'}}\n"
            for at, one in enumerate(wrong[: len(wrong) // 10])
        )
        project.manifest(BOXES + "datapoints:\n" + "".join(sources))


def same_names(project: Project, chance: random.Random, size: float) -> None:
    """Tens of thousands of datapoints of one name, or whose files are not there."""
    count = _many(50_000, size)
    name = chance.choice(["a", "a{}"])
    entries = [{"name": name.format(at), "items": [f"no/{at}.png"]} for at in range(count)]
    project.write("list.json", entries)
    project.manifest("datapoints: [{items_list: list.json}, {items_list: list.json}]\n")


def templates(project: Project, chance: random.Random, size: float) -> None:
    """Names and label files made of so many fields that each is longer than any path."""
    for at in range(_many(300, size)):
        project.write(f"images/{'a' * 200}{at}.png", png(at % 200))
    fields = "{stem}" * chance.choice([10, 1_000, 20_000])
    project.manifest(
        BOXES
        + f"datapoints: [{{glob: 'images/*.png', name: '{fields}', labels: 'l/{fields}.json?'}}]\n"
    )


def fine_labels(project: Project, chance: random.Random, size: float) -> None:
    """Labels without a fault, up to the limits of a file: each is looked at in all its parts."""
    corner = {"xnorm": 0.5, "ynorm": 0.25}
    ends = ({"xnorm": 0.1}, {"xnorm": 0.9}, {"xnorm": 0.9}, {"xnorm": 0.1})
    teeth = [{**ends[at % 4], "ynorm": round(at / 10_000, 4)} for at in range(_many(9_000, size))]
    ring = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]] * _many(5_000, size)
    box = {"xnorm": 0.0, "ynorm": 0.1, "wnorm": 1.0, "hnorm": 0.2}
    many = [{"name": f"a{at}", "value": "x"} for at in range(_many(2_000, size))]
    kinds: list[tuple[dict[str, Any], int]] = [
        ({"bbox2d": box, "polygon": None, "attributes": []}, 50_000),
        ({"bbox2d": box, "attributes": many}, 150),
        ({"polygon": [*teeth, corner]}, 39),
        ({"polygon": [*teeth[:90], corner]}, 3_800),
        ({"polyline": [corner] * _many(5_000, size)}, 71),
        ({"pixel": {"imagesize": [2, 2], "regions": [ring]}}, 41),
        ({"pixel": {"imagesize": [2, 2], "regions": [ring[:4]] * len(ring)}}, 9),
    ]
    drawn, times = chance.choice(kinds)
    label = json.dumps({"category": [["object", "car"]], **drawn})
    project.write("a.png", png(1))
    project.write("a.json", f"[{','.join([label] * _many(times, size))}]")
    project.manifest(LABELLED.replace("IMAGE_BBOX", "IMAGE_MULTI").replace("[car, bus]", "[car]"))


def fine_drawings(project: Project, chance: random.Random, size: float) -> None:
    """Drawings of other tools without a fault, of more things than anybody draws in a picture."""
    count = _many(chance.choice([49_000, 150_000]), size)
    project.write("a.png", png(1))
    if chance.random() < 0.4:
        # Outlines of hundreds of corners, from a few numbers each.
        side = chance.choice([640, 4_000, 11_000])
        ring = [0, 0, side, side // 3, side // 2, side]
        shapes = [
            [ring],
            [[chance.randrange(side) for _ in range(8)]],
            [[0, 0, side, 0, side, side]],
        ]
        write_coco(project, side, [chance.choice(shapes)] * (count // chance.choice([1, 10, 100])))
    elif chance.random() < 0.4:
        write_coco(
            project, 640, [[[at % 600, 5, at % 600 + 9, 5, at % 600, 50]] for at in range(count)]
        )
    else:
        tool = chance.choice(["labelme", "yolo", "voc"])
        corners = chance.choice([2, 3, 60])
        project.write("a.txt", _drawn_by(tool, count * 3 // corners, corners))
        classes = ", classes: [car]" if tool == "yolo" else ""
        made = f"{{format: {tool}, file: a.txt{classes}}}"
        project.manifest(
            "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\n"
            f"datapoints: [{{name: a, items: [a.png], labels: {made}}}]\n"
        )


def write_coco(project: Project, side: int, shapes: list[Any]) -> None:
    """A picture with an annotation of each shape."""
    annotations = [
        {"id": at, "image_id": 1, "category_id": 1, "segmentation": one}
        for at, one in enumerate(shapes)
    ]
    image = {"id": 1, "file_name": "a.png", "width": side, "height": side}
    categories = [{"id": 1, "name": "car"}]
    project.write(
        "coco.json", {"images": [image], "categories": categories, "annotations": annotations}
    )
    project.manifest(MASKS + "masks: [{coco: coco.json}]\n")


def _drawn_by(tool: str, count: int, corners: int) -> str:
    """The text of a file of a tool with so many shapes."""
    if tool == "yolo":
        return f"0 {' '.join(['0.1 0.1', '0.5 0.1', '0.1 0.6'] * (corners // 2))}\n" * count
    if tool == "voc":
        corner = "".join(
            f"<{key}>{at}</{key}>" for at, key in enumerate(["xmin", "ymin", "xmax", "ymax"], 1)
        )
        thing = f"<object><name>car</name><bndbox>{corner}</bndbox></object>"
        size = "<size><width>640</width><height>480</height></size>"
        return f"<annotation>{size}{thing * count}</annotation>"
    points = [[at * 7 % 640, at * 5 % 480] for at in range(corners)]
    shape = json.dumps({"label": "car", "points": points, "shape_type": "linestrip"})
    return f'{{"imageWidth": 640, "imageHeight": 480, "shapes": [{",".join([shape] * count)}]}}'


def large_json(project: Project, chance: random.Random, size: float) -> None:
    """Up to 64 MiB of what takes most memory, wherever JSON of another form is read."""
    piece = chance.choice(["{},", "[],", "0,", '{"a":0},', "[[]],", "1.5,"])
    text = f"[{piece * (_many(chance.choice([20, 60]) << 20, size) // len(piece))}0]"
    project.write("images/a.png", png(1))
    project.write("masks/a.png", png(1))
    place = chance.randrange(4)
    if place == 0:
        project.write("classes.json", f'{{"car": {text}}}')
        project.manifest(MASKED)
    elif place == 1:
        project.write("a.png", png(1))
        project.write("a.json", f'{{"imageWidth": 1, "imageHeight": 1, "shapes": {text}}}')
        project.manifest(LABELLED.replace("a.json", "{format: labelme, file: a.json}"))
    elif place == 2:
        project.write("taxonomy.json", f'{{"categories": {text}}}')
        project.manifest("project: {type: IMAGE_BBOX, taxonomy: taxonomy.json}\n")
    else:
        project.write("list.json", f'[{{"name": "a", "items": {text}}}]')
        project.manifest("datapoints: [{items_list: list.json}]\n")


def many_searches(project: Project, chance: random.Random, size: float) -> None:
    """Sources that each look through all files, and folders that each has to enter."""
    project.write("images/a.png", png(1))
    for at in range(_many(10_000, size)):
        (project.folder / f"images/{at}.png").touch()
    for at in range(_many(1_000, size)):
        (project.folder / f"images/{at}").mkdir()
    what = chance.choice(["images/*a{}.png", "**/a{}.png", "images/{}/../*.png", "images/**/{}"])
    sources = (
        f"  - {{glob: '{what.replace('{}', str(at))}', allow_empty: true}}\n"
        for at in range(_many(2_900, size))
    )
    project.manifest("datapoints:\n" + "".join(sources))


KINDS: Mapping[str, Kind] = {
    kind.__name__: kind
    for kind in (
        patterns,
        many_patterns,
        unknown_keys,
        undefined_variables,
        wrong_labels,
        wide_label,
        large_labels,
        columns,
        long_lines,
        long_values,
        numbers,
        nesting,
        aliases,
        bombs_in_pictures,
        bombs_in_scans,
        large_pictures,
        sparse_files,
        coco_files,
        many_classes,
        near_names,
        signs,
        trees,
        same_names,
        templates,
        fine_labels,
        fine_drawings,
        large_json,
        many_searches,
    )
}


def planned(kind: str, seed: int, size: float = 1.0) -> Cost:
    """What it takes to plan the input of a kind that belongs to a seed."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        KINDS[kind](project, random.Random(f"{kind} {seed}"), size)
        return cost(project)


def main() -> int:
    """Plans as many inputs as are asked for, of each kind in turn."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    chosen = sys.argv[2:] or list(KINDS)
    worst: dict[str, list[float]] = {}
    wrong = 0
    for at in range(number):
        kind, seed = chosen[at % len(chosen)], at // len(chosen)
        found = planned(kind, seed)
        most = worst.setdefault(kind, [0.0, 0.0])
        most[:] = [max(most[0], found.seconds), max(most[1], found.mib)]
        if not found.is_fine:
            wrong += 1
            sys.stdout.write(f"{kind} {seed}: {found}\n")
            sys.stdout.flush()
    for kind, (seconds, mib) in worst.items():
        sys.stdout.write(f"{kind:22} {seconds:6.2f} s {mib:7.1f} MiB\n")
    sys.stdout.write(f"{number} inputs, {wrong} that took too much or got no answer\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
