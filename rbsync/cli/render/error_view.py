"""Errors, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, document
from rbsync.cli.render.numbers import plural
from rbsync.errors import Problem, RbsyncError, UserError
from rbsync.manifest.order import ALIKE, Sort, number_of, sorts_of


def show_error(error: RbsyncError, common: CommonOptions) -> None:
    """Prints what is wrong and what to do next; as a document too when JSON was asked for."""
    told: set[str] = set()
    if isinstance(error, UserError):
        show_problems(error.problems, common)
        # A single problem has the hint of its error, which stands below it already.
        told = {one.hint for one in error.problems}
    else:
        complaint(common, f"error: {one_line(str(error))}", fg="red")
    if error.hint and error.hint not in told:
        complaint(common, f"hint: {one_line(error.hint)}")
    if common.json:
        from rbsync.documents.problems import error_json

        document(common, error_json(error))


def show_problems(problems: tuple[Problem, ...], common: CommonOptions) -> None:
    """Prints problems and how many there are; of those that are alike the first ones."""
    for line in problems_lines(problems, all_of_them=bool(common.verbose)):
        complaint(common, line)
    number = number_of(problems)
    complaint(common, f"{plural(number, 'problem')}; nothing was sent.", fg="red")


def problems_lines(
    problems: Sequence[Problem], start: str = "", *, all_of_them: bool
) -> Iterator[str]:
    """Yields the text of each problem; of many that are alike the first ones and their number."""
    sorts = sorts_of(problems)
    totals, seen = Counter(sorts), Counter[Sort]()
    for problem, sort in zip(problems, sorts, strict=True):
        seen[sort] += 1
        more = totals[sort] - ALIKE
        if all_of_them or more < 2 or seen[sort] <= ALIKE:
            yield f"{start}{problem_text(problem)}"
        if not all_of_them and more > 1 and seen[sort] == ALIKE:
            yield f"… and {more:,} more like this one (-v lists them)"


def show_warnings(warnings: tuple[Problem, ...], common: CommonOptions) -> None:
    """Prints what is worth knowing; of many that are alike the first ones and their number."""
    for line in problems_lines(warnings, "warning: ", all_of_them=bool(common.verbose)):
        complaint(common, line, fg="yellow")


def problem_text(problem: Problem) -> str:
    """A problem on a line, its hint on a second; no name of a file makes a third.

    Where the text stops being YAML or JSON, the line of it and a mark stand in between.
    """
    # Its lines come from the reader, which took them from the text one by one.
    lines = problem.message.split("\n") if problem.code == "syntax" else [problem.message]
    message, hint = "\n".join(map(one_line, lines)), one_line(problem.hint)
    place = problem.location
    shown = place._replace(file=one_line(place.file)) if place else None
    return str(Problem(problem.code, message, shown, hint))
