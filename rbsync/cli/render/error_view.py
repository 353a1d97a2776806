"""Errors, for people and for programs."""

from __future__ import annotations

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, document
from rbsync.cli.render.numbers import plural
from rbsync.errors import Problem, RbsyncError, UserError


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
    """Prints problems and how many there are."""
    for problem in problems:
        complaint(common, problem_text(problem))
    complaint(common, f"{plural(len(problems), 'problem')}; nothing was sent.", fg="red")


def show_warnings(warnings: tuple[Problem, ...], common: CommonOptions) -> None:
    """Prints what is worth knowing."""
    for problem in warnings:
        complaint(common, f"warning: {problem_text(problem)}", fg="yellow")


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
