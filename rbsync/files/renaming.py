"""Names that become other names: a pattern with captures, and what is made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rbsync.files.patterns import Pattern, PatternError, compile_pattern

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Renaming:
    """One pattern of old names, and the template of the new ones."""

    old: Pattern
    new: str

    def new_name(self, name: str) -> str:
        """Returns the new name of a name, empty for one that does not match."""
        folder, _, file = name.rpartition("/")
        above, own = self.old.folder(folder), self.old.file(file)
        if above is None or own is None:
            return ""
        captures = {**above, **own}
        return _FIELD.sub(lambda found: captures[found[1]], self.new)


def renaming(old: str, new: str) -> Renaming:
    """Reads a pair such as ``a/{x}.png`` and ``b/{x}.png``.

    Raises PatternError for a pattern that cannot be read, and for a pair that would give several
    names the same new one.
    """
    pattern = compile_pattern(old)
    fields = _FIELD.findall(new)
    unknown = [one for one in fields if one not in pattern.captures]
    if unknown:
        raise PatternError(f"`{{{unknown[0]}}}` is not in `{old}`")
    # `a/*.png` to `b.png`: all names would become one.
    lost = [one for one in pattern.captures if one not in fields]
    if lost:
        raise PatternError(f"`{{{lost[0]}}}` is not in `{new}`, and two names would become one")
    if re.search(r"[*?\[]", _FIELD.sub("", old)):
        raise PatternError(f"say what `*` stands for in both: `{{name}}` instead, in `{old}`")
    return Renaming(pattern, new)


def new_name_of(name: str, renamings: Sequence[Renaming]) -> str:
    """Returns the new name by the first pair that a name matches, empty when there is none."""
    return next((new for one in renamings if (new := one.new_name(name))), "")
