"""Init: a first manifest for a folder, from what is in it.

It is one file: what a kind of source may take depends on what those before it took, so that all of
them keep one account.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from rbsync.errors import UserError
from rbsync.files.kinds import suffix_of
from rbsync.sources.matching import as_named
from rbsync.sources.tools.recognised import next_step
from rbsync.sync.label_survey import label_files
from rbsync.sync.left_out import LeftOut
from rbsync.sync.nearness import Neighbours, by_path, upwards
from rbsync.sync.survey import (
    PICTURES,
    SCANS,
    UNSENT,
    VIDEOS,
    Folder,
    Listed,
    below,
    dicom_pattern,
    exported_images,
    folders_of,
    is_called_as_labels,
    is_video,
    lists_of,
    mask_end,
    masks_among,
    masks_beside_images,
    pattern_of_folders,
    segmentations_beside_scans,
)

MOST_TABLES = 5
MOST_SERIES = 50
"""Series that are written down; a manifest of thousands of lines is no beginning."""

HOMES = (*PICTURES, *SCANS, *VIDEOS)


def draft_manifest(
    folder: str, source: str | None, place: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The text of a manifest for a folder, or for an items list or exported folder in it.

    ``place`` are settings of a service's project that are known. Raises UserError when ``source``
    is neither.
    """
    lines = [
        *_head(place),
        *(_from_source(folder, source) if source else _from_files(folder)),
        *_TAIL,
    ]
    return "\n".join(lines) + "\n"


_UNKNOWN = {"org_id": "${RB_ORG_ID}", "project_id": "${RB_PROJECT_ID}"}


def _head(place: Mapping[str, str]) -> list[str]:
    known = {key: one for key, one in place.items() if one}
    backend = [f"#   {key}: {one}" for key, one in (_UNKNOWN | known).items()]
    return [*_HEAD, *backend, *_PROJECT]


_HEAD = [
    "# What this project is made of. `rbsync plan` says what it lacks, `rbsync apply` makes it so.",
    "version: 1",
    "",
    "# Without a backend, the project is a folder beside this file (.rbsync/project).",
    "# backend:",
    "#   kind: redbrick",
]
_PROJECT = [
    "",
    "# What labels may say; both are checked before anything is sent.",
    "# project:",
    "#   type: IMAGE_MULTI",
    "#   taxonomy: [car, bus, person]",
    "",
]
_TAIL = [
    "",
    "# policy:",
    "#   prune: false        # delete what is not declared here any more",
]


def _from_source(folder: str, source: str) -> Iterator[str]:
    path = os.path.join(folder, source)
    # A JSON string is a YAML string, whatever is in the folder's name.
    shown = json.dumps(source.rstrip("/"), ensure_ascii=False)
    if os.path.isfile(os.path.join(path, "class_map.json")):
        yield "masks:"
        yield f"  - folder: {shown}"
    elif os.path.isfile(path) and suffix_of(source) in ("json", "jsonl", "csv"):
        yield "datapoints:"
        yield f"  - items_list: {shown}"
    else:
        raise UserError(
            f"`{source}` is neither an items list (.json, .jsonl, .csv) nor an exported folder",
            hint="an exported folder has a class_map.json in it",
        )


def _from_files(folder: str) -> Iterator[str]:
    findings = _Findings(folder, folders_of(folder))
    yield from findings.datapoints()
    yield from findings.masks()
    yield from findings.unread()


class _Findings:
    """The finds, as sources; each file is in one of them, or in a line that says why not."""

    def __init__(self, root: str, folders: Sequence[Folder]) -> None:
        self._root, self._folders = root, folders
        self._exported = {one.path for one in folders if one.is_export}
        pictures = [
            one
            for one in folders
            if one.path not in self._exported and any(one.names.get(kind) for kind in PICTURES)
        ]
        possible = [one for one in pictures if not is_called_as_labels(one)]
        self._masks = masks_among(pictures, possible)
        masks = {one.path for one in self._masks}
        self._videos = [one for one in pictures if one.path not in masks and is_video(one)]
        others = {one.path for one in (*self._masks, *self._videos)} | self._exported
        self._images = [one for one in pictures if one.path not in others]
        self._lists = list(lists_of(root, folders))
        self._left_out = LeftOut(folders)
        self._neighbours = Neighbours(self._images)
        self._by_path = by_path(folders)
        self._taken: set[str] = set()
        self._told: list[str] = []
        homes = [
            one
            for one in folders
            if one.path not in others and any(one.names.get(kind) for kind in HOMES)
        ]
        self._labels = list(label_files(root, folders, homes))
        self._said: set[str] = set()
        self._mask_lines = list(self._mask_sources())
        self._masked_lines = list(self._masked_images())
        beside = [one for one in self._labels if one.is_beside and not one.why_unread]
        beside = [one for one in beside if one.home.path not in self._taken]
        # From the first folder, which has no name, a template would find labels of other folders.
        self._beside = next((one for one in beside if one.folder.path or len(homes) == 1), None)
        self._labelled_lines = list(self._labelled_images())

    def datapoints(self) -> Iterator[str]:
        lines = [*self._masked_lines, *self._labelled_lines, *self._videos_lines()]
        lines += [*self._series_lines(), *self._list_lines()]
        lines = [*self._glob_lines(is_only=not (lines or self._mask_lines)), *lines]
        if any(not one.lstrip().startswith("#") for one in lines):
            yield "datapoints:"
            yield from lines
        elif not self._mask_lines:
            yield "datapoints: []"
            yield from lines

    def masks(self) -> Iterator[str]:
        if self._mask_lines:
            yield "masks:"
            yield from self._mask_lines

    def _mask_sources(self) -> Iterator[str]:
        for path in sorted(self._exported):
            yield "  # A folder of masks as RedBrick exports it."
            yield f"  - folder: {_text(path or '.')}"
            self._left_out.add(_all_of(path))
            self._take_named(exported_images(os.path.join(self._root, path)), path)
        for listed in self._lists:
            if listed.kind == "coco":
                yield from self._coco_source(listed)

    def _take_named(self, images: Collection[str], export: str) -> None:
        """Leaves the images out that are declared with their masks: they would be sent twice."""
        for folder in self._images:
            paths = [
                below(folder.path, one) for kind in PICTURES for one in folder.names.get(kind, ())
            ]
            named = [one for one in paths if one in images]
            if len(named) == len(paths):
                self._take(folder)
            elif len(named) > MOST_SERIES:
                why = (
                    f"{len(named):,} images of {folder.path}/ are also those of masks in {export}/"
                )
                self._told.append(f"# Left in twice: {why}; leave them out with `exclude`.")
            else:
                for one in named:
                    self._left_out.add(as_named(one), "has its mask there")

    def _coco_source(self, listed: Listed) -> Iterator[str]:
        folder, _, name = listed.first.rpartition("/")
        ends = f"/{folder}" if folder else ""
        homes = [one for one in self._images if one.has(name) and f"/{one.path}".endswith(ends)]
        if not homes or homes[0].path in self._taken:
            why = "has labels of images that others are of" if homes else "names images elsewhere"
            self._told.append(f"# Left out: {listed.path} {why}.")
            return
        yield "  # COCO annotations: one datapoint for each of its images."
        yield f"  - coco: {_text(listed.path)}"
        base = homes[0].path[: len(homes[0].path) - len(folder)].rstrip("/")
        if base:
            yield f"    images: {_text(base + '/')}"
        named = {below(base, one).rstrip("/") for one in listed.folders}
        for one in self._images:
            if one.path in named:
                self._take(one)

    def _take(self, folder: Folder) -> None:
        """The images of a folder are in a source of their own."""
        kinds = [kind for kind in HOMES if folder.names.get(kind)]
        self._taken.add(folder.path)
        self._left_out.add(below(folder.path, "*." + _choice(kinds)))

    def _masked_images(self) -> Iterator[str]:
        """The images that have masks, in a folder of masks or beside them."""
        for masks in self._masks:
            home = self._home_of(masks)
            if not home:
                self._left_out.add(_all_of(masks.path), "masks, of the frames of videos")
                continue
            count, end = mask_end(masks.stems(["png"]), home.stems(PICTURES))
            yield from self._masked(home, masks, end, count)
        for one in self._images:
            if end := masks_beside_images(one):
                stems = one.stems(["png"])
                count = sum(stem.endswith(end) for stem in stems)
                yield from self._masked(one, one, end, count)

    def _home_of(self, masks: Folder) -> Folder | None:
        """The folder with the images of most masks of a folder; None where no images are."""
        stems, best, home = masks.stems(["png"]), -1, None
        # The parts of a dataset have the same names: the nearest folder has the images.
        for one in self._neighbours.of(masks.path):
            count = mask_end(stems, one.stems(PICTURES)).masks
            if count > best:
                best, home = count, one
            if best == len(stems):
                break
        return home

    def _masked(self, home: Folder, masks: Folder, end: str, count: int) -> Iterator[str]:
        apart = masks is not home
        own = _all_of(masks.path) if apart else below(home.path, f"*{end}.png")
        template = below(masks.path, "{stem}" + end + ".png?")
        class_map = self._class_map(masks)
        # An image is one datapoint: a second folder of masks for it has to wait for somebody.
        if not class_map or home.path in self._taken:
            what = "masks, by their names" if apart else "masks beside their images"
            why = f"{what}; declare the images with `mask: {template}` and a `class_map`"
            self._left_out.add(own, why)
            return
        kinds = [kind for kind in PICTURES if home.names.get(kind)]
        # Masks beside their images are PNGs too, and would be counted as images.
        images = len(home.stems(PICTURES)) - (0 if apart else count)
        yield f"  # One datapoint for each image ({images:,} when this was written), with its mask"
        yield f"  # where it has one ({count:,}; the ? means: if it exists)."
        yield f"  - glob: {_text(below(home.path, '*.' + _choice(kinds)))}"
        yield '    name: "{path}"'
        if not apart:
            yield f"    exclude: [{_text(own)}]"
        yield f"    mask: {_text(template)}"
        yield f"    class_map: {_text(class_map)}"
        self._left_out.add(own)
        self._take(home)

    def _class_map(self, masks: Folder) -> str:
        """The class map in the folder of masks, or in the nearest one above."""
        above = upwards(self._by_path, masks.path)
        return next(
            (below(one.path, "class_map.json") for one in above if one.has("class_map.json")), ""
        )

    def _videos_lines(self) -> Iterator[str]:
        for parent in sorted({one.path.rpartition("/")[0] for one in self._videos if one.path}):
            videos = [one for one in self._videos if _folder_of(one.path) == parent]
            beside = [one for one in self._folders if one.path and _folder_of(one.path) == parent]
            yield f"  # A video for each folder of frames ({len(videos):,} when this was written)."
            # A folder beside them that has masks, or nothing at all, is no video.
            places = ["*/"] if len(beside) == len(videos) else [f"{one.title}/" for one in videos]
            yield from (f"  - frames: {_text(below(parent, place))}" for place in places)
            for one in videos:
                self._left_out.add(_all_of(one.path))

    def _series_lines(self) -> Iterator[str]:
        scans = [(one, dicom_pattern(self._root, one)) for one in self._folders]
        series = [(one, pattern) for one, pattern in scans if pattern]
        folders, patterns = [one for one, _ in series], {pattern for _, pattern in series}
        place = pattern_of_folders(folders, self._folders) if len(patterns) == 1 else ""
        if len(series) > MOST_SERIES and place:
            yield f"  # A series for each folder of DICOM files ({len(series):,} when this was"
            yield "  # written), in the order of their names."
            yield f"  - frames: {_text(place)}"
            yield f"    pattern: {_text(*patterns)}"
            return
        if series:
            yield "  # A series for each folder of DICOM files."
        for one, pattern in series[:MOST_SERIES]:
            yield f"  - name: {_text(one.path or 'scan')}"
            yield f"    series: [{{items: {_text(below(one.path, pattern))}}}]"
        if len(series) > MOST_SERIES:
            yield f"  # {len(series) - MOST_SERIES:,} more folders have DICOM files; write them so."

    def _list_lines(self) -> Iterator[str]:
        for one in self._lists:
            if one.kind == "items":
                yield f"  - items_list: {_text(one.path)}"

    def _glob_lines(self, *, is_only: bool) -> Iterator[str]:
        for one in self._folders:
            if is_called_as_labels(one) and any(one.names.get(kind) for kind in SCANS):
                why = "segmentations; a `series` takes them, with a `segment_map`"
                self._left_out.add(_all_of(one.path), why)
            for pattern in segmentations_beside_scans(one):
                why = "segmentations; a `series` takes them, with a `segment_map`"
                self._left_out.add(f"**/{pattern}", why)
        kept = [one for one in self._folders if not self._is_left_out(one)]
        found = [
            kind for kind in (*PICTURES, *SCANS, *VIDEOS) if any(o.names.get(kind) for o in kept)
        ]
        declared = [path for one in kept for path in self._left_out.kept(one, found)]
        count = len(declared)
        if found and any(one.kind == "items" for one in self._lists):
            yield f"  # The list says what is sent; {count:,} files here are not declared besides."
            return
        if found:
            yield f"  # One datapoint for every file ({count:,} when this was written)."
        elif is_only:
            yield "  # No image, scan or video was found here yet."
            found = ["png", "jpg"]
        else:
            return
        yield f'  - glob: "**/*.{_choice(found)}"'
        yield '    name: "{path}"'
        if left := list(self._excluded(found, declared)):
            yield "    exclude:"
            yield from left
        yield from self._labels_line()
        # A glob that matches no file is an error, and the first plan would fail.
        if not count:
            yield "    allow_empty: true"

    def _excluded(self, kinds: Sequence[str], kept: Sequence[str]) -> Iterator[str]:
        for pattern, why, stands_for in self._left_out.exclusions(kinds, kept):
            self._said.update(stands_for)
            yield f"      - {_text(pattern)}" + (f"   # {why}" if why else "")

    def _is_left_out(self, folder: Folder) -> bool:
        return folder.path in self._taken or self._left_out.has_folder(folder.path)

    def _labelled_images(self) -> Iterator[str]:
        """The images that have label files in another folder, or beside them in one of several."""
        for one in self._labels:
            if one.why_unread or (self._beside and one.is_like(self._beside)):
                continue
            if one.home.path in self._taken or (self._beside and one.home is self._beside.home):
                self._told.append(f"# Left out: {one.title}: their images have others.")
                continue
            kinds = [kind for kind in HOMES if one.home.names.get(kind)]
            count = len(one.home.stems(HOMES))
            yield f"  # One datapoint for each image ({count:,} when this was written), with its"
            yield f"  # labels where it has some ({one.number:,}; the ? means: if they exist)."
            yield f"  - glob: {_text(below(one.home.path, '*.' + _choice(kinds)))}"
            yield '    name: "{path}"'
            yield one.line(below(one.folder.path, "{stem}"))
            self._take(one.home)

    def unread(self) -> Iterator[str]:
        """Yields a line for each folder and tool that is left out beside files of globs."""
        yield from self._told
        kept = [path for one in self._folders for path in self._left_out.kept(one, HOMES)]
        # What no glob would have matched stands under no `exclude`.
        for pattern, why, _ in self._left_out.exclusions(HOMES, kept, self._said):
            if why:
                yield f"# Left out: {pattern}: {why}."
        for suffix, instead in UNSENT.items():
            if count := sum(len(one.names.get(suffix, ())) for one in self._folders):
                files = "file" if count == 1 else "files"
                yield f"# Left out: {count:,} .{suffix} {files}: convert them to {instead}."
        for each in self._labels:
            if each.why_unread:
                yield f"# Left out: {each.title}: {each.why_unread}."
        told = {(one.folder.path, one.tool) for one in self._labels}
        for one in self._lists:
            # Those of single images are told of all together.
            if one.kind == "other" and (_folder_of(one.path), one.first) not in told:
                yield f"# Left out: {one.path}, of {one.first}: {next_step(one.first, one.path)}."
        for one in [one for one in self._lists if one.kind == "table"][:MOST_TABLES]:
            yield f"# Left out: {one.path} (columns {one.first}): a list has `name` and `item`."

    def _labels_line(self) -> Iterator[str]:
        """The template of label files that lie beside the images of the glob."""
        if one := self._beside:
            yield one.line("{dir}/{stem}" if one.folder.path else "{stem}")
        elif any(one.path == "labels" and not one.names for one in self._folders):
            yield '    labels: "labels/{stem}.json?"   # the ? means: if it exists'


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _choice(suffixes: Sequence[str]) -> str:
    return suffixes[0] if len(suffixes) == 1 else "{" + ",".join(suffixes) + "}"


def _all_of(path: str) -> str:
    """The pattern of all files below a folder."""
    return below(path, "**")


def _text(value: str) -> str:
    """A JSON string, which is a YAML string whatever is in it."""
    return json.dumps(value, ensure_ascii=False)
