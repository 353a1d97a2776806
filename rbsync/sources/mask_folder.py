"""A folder of PNG masks as RedBrick exports it: masks, class_map.json, datapoint_map.json."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from rbsync.errors import Location, Problem
from rbsync.model.storages import is_uploaded
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import UNREADABLE, Entry, MaskLabels, Members
from rbsync.sources.images_below import ImagesBelow, NotOneError, files_below, folder_named
from rbsync.sources.mask_settings import Colour, MaskSettings, checked_json, ignored_colours
from rbsync.sources.matching import Search

SUFFIX = ".png"


class Matched(NamedTuple):
    """``keys`` has the map's key of each file that is mapped, ``missing`` the keys that no file
    belongs to, ``twice`` further keys of a file, by its name.
    """

    keys: dict[str, str]
    missing: list[str]
    twice: dict[str, str]


class DatapointMap(NamedTuple):
    """``images`` has a path or URL for each mask, by file name with or without ``.png``."""

    file: str
    images: Mapping[str, str]

    def match(self, files: Collection[str]) -> Matched:
        """Which key belongs to which of the masks' file names."""
        names = _Names(files)
        # With masks a.png and a.png.png the key a.png could mean either: the other keys tell.
        is_bare = all(names.find(key + SUFFIX) for key in self.images)
        found = Matched({}, [], {})
        for key in self.images:
            given, added = names.find(key), names.find(key + SUFFIX)
            file = (added or given) if is_bare else (given or added)
            if not file:
                found.missing.append(key)
            elif file in found.keys:
                found.twice[file] = key
            else:
                found.keys[file] = key
        return found


class _Names:
    """File names, found also by what writes them in another way.

    A disk may keep an accent apart from its letter, and a suffix in capitals.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._files = files
        self._by_form: dict[str, list[str]] = {}
        for file in files:
            self._by_form.setdefault(_form(file), []).append(file)

    def find(self, name: str) -> str:
        """The file of a name; empty when there is none, or nobody can tell which."""
        if name in self._files:
            return name
        # Only one that is alike is taken: of two nobody can tell which was meant.
        alike = self._by_form.get(_form(name), [])
        return alike[0] if len(alike) == 1 else ""


def _form(name: str) -> str:
    form = unicodedata.normalize("NFC", name)
    has_suffix = form.lower().endswith(SUFFIX)
    return form[: -len(SUFFIX)] + SUFFIX if has_suffix else form


def read_datapoint_map(data: Any, file: str) -> DatapointMap:
    """Checks a map that was read from a file. Raises MaskError."""
    from rbsync.masks.error import MaskError

    hint = 'write {"NAME.png": "path or URL of the image"}'
    if not isinstance(data, dict):
        raise MaskError("datapoint-map", "this is no object", hint=hint, file=file)
    for key, image in data.items():
        if not isinstance(image, str) or not image:
            message = f"the mask {key!r} has the image {image!r}, not a path or URL"
            raise MaskError("datapoint-map", message, hint=hint, file=file)
    return DatapointMap(file, data)


CLASS_MAP = "class_map.json"
DATAPOINT_MAP = "datapoint_map.json"
HINT = f"a mask folder has its PNGs, {CLASS_MAP} and {DATAPOINT_MAP}"


class MaskFolderSource(MaskSettings):
    """A folder of PNG masks as RedBrick exports it."""

    key: ClassVar[str] = "folder"
    joins_folders: ClassVar[bool] = True

    folder: str = setting(
        description="The folder with its PNGs, class_map.json and datapoint_map.json. A mask's "
        "file name without .png is the datapoint's name.",
        examples=["exports/2f0f6f3e"],
    )
    images: str | None = setting(
        default=None,
        description="The folder of the images, when they are local: each is found by the end of "
        "its path in datapoint_map.json. With `storage: public` the map's URLs are used.",
        examples=["images/"],
    )
    class_map: str | None = setting(
        default=None,
        description="A JSON file {category: [r, g, b]} [that of the folder].",
        examples=["exports/2f0f6f3e/class_map.json"],
    )
    ignore_colors: list[Colour] | None = ignored_colours()

    @property
    def colours_file(self) -> str:
        return self.class_map or posixpath.join(folder_named(self.folder), CLASS_MAP)

    def expand(self, context: Context) -> Iterator[Entry]:
        folder = folder_named(self.folder)
        class_map = self.colours_file
        key = "class_map" if self.class_map else "folder"
        recipe = self.rgb_recipe(context, class_map, key, self.ignore_colors)
        mapped = self._map(context, folder)
        images = ImagesBelow(context, self.images) if self.images else None
        if images and is_uploaded(context.settings.storage):
            images.look()
        if mapped is not None:
            # Nobody knows the classes: the files are looked for all the same.
            labels = self.labels_of(recipe, (), class_map) if recipe else None
            yield from _Folder(context, folder, mapped, images, labels).entries()

    def _map(self, context: Context, folder: str) -> DatapointMap | None:
        path = posixpath.join(folder, DATAPOINT_MAP)

        def read(data: Any) -> DatapointMap:
            return read_datapoint_map(data, path)

        return checked_json(context, path, "folder", read, hint=HINT)


class _Folder:
    """The masks of a folder, each with its image."""

    def __init__(
        self,
        context: Context,
        folder: str,
        mapped: DatapointMap,
        images: ImagesBelow | None,
        labels: MaskLabels | None,
    ) -> None:
        self._context, self._folder, self._map = context, folder, mapped
        self._images, self._labels = images, labels

    def entries(self) -> Iterator[Entry]:
        search = Search(self._context, "folder")
        # Masks of exports stand in subfolders that are part of their names.
        paths = [one for one in files_below(search, self._folder) if one.lower().endswith(SUFFIX)]
        start = len(self._folder) + 1 if self._folder else 0
        # An export that has its images below it: they are what its map calls them, and no masks.
        shown = set() if self._images else {*self._map.images.values()}
        by_file = {path[start:]: path for path in paths if path not in shown}
        matched = self._map.match(by_file)
        for file, path in by_file.items():
            yield self._entry(file, path, matched)
        self._report_missing(by_file, matched.missing)

    def _report_missing(self, by_file: Collection[str], missing: Sequence[str]) -> None:
        for key in missing:
            message = f"`{self._map.file}` names the mask `{key}`, which is not in the folder"
            hint = "export the folder again, or take the line out"
            self._context.report(Problem("missing-mask", message, self._place, hint))
        if not by_file and not self._map.images:
            message = f"the folder `{self._folder}` has no masks"
            self._context.report(Problem("empty-folder", message, self._place, HINT))

    def _entry(self, file: str, path: str, matched: Matched) -> Entry:
        image = self._map.images[matched.keys[file]] if file in matched.keys else None
        problems = tuple(self._named_twice(path, matched, file))
        try:
            item = self._image(file, path, image)
        except NotOneError as error:
            # Empty: that this one cannot be had is told, and nothing else of it.
            item = ""
            problems = (Problem("missing-image", str(error), self._place, error.hint),)
        labels = self._labels._replace(files=(path,)) if self._labels else None
        name = file[: -len(SUFFIX)]
        own = self._context
        barred = None if labels else Problem("class-map", UNREADABLE, own.origin)
        members = Members(own.locate)
        return Entry(
            name,
            (item,),
            labels,
            own.settings,
            own.origin,
            problems,
            members=members,
            barred=barred,
        )

    def _named_twice(self, path: str, matched: Matched, file: str) -> Iterator[Problem]:
        """The problem of a mask with two entries, of which nobody knows which is meant."""
        if file not in matched.twice:
            return
        both = (
            f"as `{key}` with the image `{self._map.images[key]}`"
            for key in (matched.keys[file], matched.twice[file])
        )
        message = f"`{self._map.file}` names the mask `{path}` twice, {' and '.join(both)}"
        yield Problem("duplicate-mask", message, self._place, "keep one of the two")

    def _image(self, file: str, path: str, image: str | None) -> str:
        """The item of a mask. Raises NotOneError."""
        # A mask without an image is told, not passed over: somebody drew it.
        if image is None:
            message = f"the mask `{path}` has no image: `{self._map.file}` does not name it"
            raise NotOneError(message, f'add "{file}": the path or URL of its image')
        if self._images is None or not is_uploaded(self._context.settings.storage):
            return image
        return self._images.find(image, path)

    @property
    def _place(self) -> Location:
        return self._context.locate(("folder",))
