"""The shells that can complete, and how each is told a word."""

from __future__ import annotations

import os
import re

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

_SPECIAL = re.compile(r"[\x21-\x7e](?<![\w@%+=:,./~^-])| ", re.ASCII)
_IN_QUOTES = re.compile(r'["$`\\]')


class Bash(BashComplete):
    """Bash, which inserts words as they are told: what means something to it is escaped."""

    # That of click takes backslashes away, and expands names as patterns of files.
    source_template = """\
%(complete_func)s() {
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="${COMP_WORDS[COMP_CWORD]}" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    case "${COMPREPLY[0]}" in
        */) compopt -o nospace ;;
        '') compopt -o default ;;
    esac
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    @staticmethod
    def _check_version() -> None:
        """Asks nothing: the script is printed wherever it will be read."""

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)[1:]
        if line[-1:].isspace() and not line.endswith("\\ "):
            return words, ""
        return words[:-1], words[-1] if words else ""

    def format_completion(self, item: CompletionItem) -> str:
        # Files are completed by bash itself, where nothing else is.
        if item.type != "plain":
            return ""
        word = _raw_word(os.environ["COMP_LINE"])
        if word.startswith('"'):
            return '"' + _IN_QUOTES.sub(r"\\\g<0>", item.value)
        escaped = _SPECIAL.sub(r"\\\g<0>", item.value)
        # Of `a:b` bash completes only what comes after the colon.
        return escaped[max(len(word) - len(os.environ["COMP_WORD"]), 0) :]


def _raw_word(line: str) -> str:
    """The end of a line from the last blank that parts words, as it was typed."""
    return re.split(r"(?<!\\) ", line)[-1] if '"' not in line else line[line.rfind(' "') + 1 :]


class Fish(FishComplete):
    """Fish; a name may have commas."""

    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split -m 1 ","'
    )


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": ZshComplete, "fish": Fish}
"""The class of each shell, by its name."""


def register() -> None:
    """Has click complete with these."""
    for name, one in SHELLS.items():
        add_completion_class(one, name)
