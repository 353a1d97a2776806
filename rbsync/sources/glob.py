"""One datapoint for every file that matches a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rbsync.errors import Problem
from rbsync.files.patterns import Pattern
from rbsync.model.bucket_paths import is_bucket, key_of
from rbsync.model.names import is_plain
from rbsync.model.storages import is_built_in
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import Bundle, Entry
from rbsync.sources.masked import FileLabels, MaskedSource
from rbsync.sources.matching import (
    Matching,
    Search,
    captures_of,
    excluded_at,
    exclusions,
    label_files,
    matching_folders,
    may_be_empty,
    pattern_at,
    with_captures,
)
from rbsync.sources.naming import Template, nameless, template_at
from rbsync.sources.tool_labels import ToolLabels


class GlobSource(MaskedSource):
    """One datapoint for every file that matches."""

    key: ClassVar[str] = "glob"
    is_per_file: ClassVar[bool] = True

    glob: str = setting(
        description="A pattern: `**`, `*`, `?`, `[…]`, `{a,b}` and captures such as `{case}`. "
        "Hidden files and what `.rbsyncignore` names are left out. `s3://BUCKET/…`, `gs://…` and "
        "`az://…` are patterns of the keys of a bucket, which `storage` names at the service.",
        examples=["images/**/*.{png,jpg}", "s3://scans/2026/**/*.png"],
    )
    exclude: tuple[str, ...] = exclusions()
    name: str = setting(
        default="{path}",
        description="The datapoint's name: {path} {dir} {parent} {stem} {suffix} {file} and the "
        "pattern's captures.",
        examples=["{path}"],
    )
    labels: str | ToolLabels | None = label_files()
    allow_empty: bool = may_be_empty()

    @property
    def bucket_pattern(self) -> str:
        return self.glob if is_bucket(self.glob) else ""

    def expand(self, context: Context) -> Iterator[Entry]:
        for one in self.packed(context):
            yield from one.entries() if isinstance(one, Bundle) else (one,)

    def packed(self, context: Context) -> Iterator[Entry | Bundle]:
        pattern = pattern_at(context, ("glob",), self.glob)
        excluded = excluded_at(context, self.exclude)
        fields = captures_of(pattern, self.glob)
        names = template_at(context, "name", self.name, fields)
        labels = FileLabels(self, context, fields, labels=self.labels, mask=self.mask)
        # All mistakes of a source are reported before the walk, which may take long.
        if pattern is None or excluded is None or not self._has_storage(context):
            return
        search = Search(context, "glob")
        for folder in matching_folders(search, pattern, excluded):
            bundle = self._bundle(folder, pattern, names, context, labels)
            if bundle is not None:
                context.tree.put_away(folder.listing.path)
                yield bundle
                continue
            for path, captures in with_captures(folder, pattern):
                key = key_of(path)
                name = names.fill(key, captures) if names else key
                found = labels.entry(name, (path,), key, captures, found_at=path)
                yield found if names else found._replace(barred=nameless(context))
        labels.conclude()
        search.report_empty(self.glob, allowed=self.allow_empty)

    def _has_storage(self, context: Context) -> bool:
        """Tells whether the items can be what the storage has, after reporting that they cannot."""
        storage = context.settings.storage
        if not self.bucket_pattern or not is_built_in(storage):
            return True
        message = f"the items are objects of a bucket, and the storage is `{storage}`"
        hint = "write `storage: NAME`, the storage of the service that leads to this bucket"
        context.report(Problem("bucket-storage", message, context.locate(("glob",)), hint))
        return False

    def _bundle(
        self,
        folder: Matching,
        pattern: Pattern,
        names: Template | None,
        context: Context,
        labels: FileLabels,
    ) -> Bundle | None:
        """All of a folder as one; None where its files have labels, or need a look each."""
        if names is None or not context.packs or not folder.is_plain:
            return None
        if self.labels or self.mask or labels.is_wrong:
            return None
        called: list[str] = []
        if not names.is_path:
            called = [
                names.fill(key_of(path), captures)
                for path, captures in with_captures(folder, pattern)
            ]
            if not all(map(is_plain, called)):
                return None
        return Bundle(
            folder.listing.path,
            "\0".join(folder.names),
            "\0".join(called),
            context.settings,
            context.origin,
            labels.members,
        )
