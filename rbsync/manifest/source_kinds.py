"""Which kind of source an entry of the manifest is: the one whose key it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rbsync.guessing import nearest
from rbsync.manifest.model_keys import keys_of
from rbsync.manifest.quoting import spacing_hint
from rbsync.sources import SourceKinds
from rbsync.sources.base import SourceModel


class NoKindError(Exception):
    """An entry is no source, or not clearly one; ``key`` is the one to point at."""

    def __init__(self, message: str, *, hint: str = "", key: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.key = key


def kind_of(entry: Any, kinds: SourceKinds) -> type[SourceModel]:
    """The model of an entry. Raises ``NoKindError``, and PluginError for a broken plug-in."""
    if not isinstance(entry, Mapping):
        hint = spacing_hint(str(entry)) or f"give it {_choice(kinds)}"
        raise NoKindError("expected a source, which is a mapping", hint=hint)
    found = [kinds.member(key) for key in kinds.built_in if key in entry]
    # Nothing is left that could be of a plug-in: these are not loaded for an ordinary manifest.
    if len(found) == 1 and entry.keys() <= keys_of(found[0]).keys():
        return found[0]
    # Only a key that no source of ours has can be that of a plug-in's.
    found += [kinds.member(key) for key in kinds.added() if key in entry]
    if len(found) == 1:
        return found[0]
    if not found:
        raise _without_key(entry, kinds)
    # A key that tells one kind may be an ordinary key of another.
    fits = [one for one in found if all(other.key in keys_of(one) for other in found)]
    if len(fits) != 1:
        keys = " and ".join(f"`{kind.key}`" for kind in found)
        raise NoKindError(
            f"{keys} tell different kinds of sources",
            hint="make an entry of its own for each",
            key=found[-1].key,
        )
    return fits[0]


def known_keys(model: type[Any]) -> list[str]:
    """The keys of a mapping, those of the source's kind before the settings of every source."""
    common, keys = keys_of(SourceModel), keys_of(model)
    return [keys[name].written for name in sorted(keys, key=lambda name: name in common)]


def _without_key(entry: Mapping[str, Any], kinds: SourceKinds) -> NoKindError:
    known = {field for _, kind in kinds.own() for field in keys_of(kind)}
    for key in entry:
        # The key of the kind was probably misspelt, but only if it is no key of any other kind
        # either.
        near = nearest(key, kinds.names())
        if near is not None and key not in known:
            return NoKindError(f"unknown key `{key}`; did you mean `{near}`?", key=key)
    return NoKindError(f"this entry is no kind of source: it lacks {_choice(kinds)}")


def _choice(kinds: SourceKinds) -> str:
    keys = [f"`{key}`" for key in kinds.names()]
    return f"{', '.join(keys[:-1])} or {keys[-1]}"


def list_hint(entries: Any, kinds: SourceKinds) -> str:
    """The hint for what stands where a list of sources is expected; empty where none is known."""
    keys = [str(key) for key in entries] if isinstance(entries, Mapping) else []
    first = keys[0] if keys else str(entries)
    if first[:1].isspace() or first[:1] == "\u00a0":
        return f"YAML is indented with spaces, and U+{ord(first[0]):04X} is none: type them anew"
    if first.startswith("-"):
        return f"write a space after the dash: `- {first.lstrip('-').split(':')[0].strip()}: …`"
    if any(key in kinds.names() for key in keys):
        return f"begin each source with a dash: `- {first}: …`"
    return f"begin each source with a dash, such as `- {kinds.names()[0]}: …`"
