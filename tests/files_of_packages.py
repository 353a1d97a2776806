"""Every data file of some packages through `init`, `plan`, `apply` and a second `plan`.

``python -m tests.files_of_packages`` writes what each is called into tests/files_of_others.md,
between its two marks; it exits with 1 where something is silently wrong. The packages are
scikit-image, scikit-learn, labelme, pycocotools, nibabel and pydicom, as far as they are installed.
It takes some minutes, and is no part of CI: scikit-learn and labelme are large.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.scenarios.project import Project, Ran

PACKAGES = {
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "labelme": "labelme",
    "pycocotools": "pycocotools",
    "nibabel": "nibabel",
    "pydicom": "pydicom",
}
CODE = {"py", "pyc", "pyi", "pyx", "pxd", "so", "c", "cpp", "h", "tp", "typed", "build", "tempita"}
LARGEST = 64 << 20
TABLE = Path(__file__).parent / "files_of_others.md"
BEGIN = "<!-- files of packages: written by `python -m tests.files_of_packages` -->\n"
END = "<!-- the end of the files of packages -->\n"
SHOWN = 6
MISTAKE = 65


def data_files(module: str) -> Iterator[Path]:
    """The files of an installed package that are no code."""
    spec = find_spec(module)
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(folder).rglob("*")):
            suffix = path.suffix.lower().lstrip(".")
            if path.is_file() and suffix not in CODE and path.stat().st_size <= LARGEST:
                yield path


def outcome(file: Path) -> tuple[str, str]:
    """What a file alone in a folder is called, and what is wrong with that; empty for nothing."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "data")
        shutil.copy(file, project.folder / file.name)
        try:
            return _lived_through(project, file.name)
        except Exception:
            return "", traceback.format_exc()


def _lived_through(project: Project, name: str) -> tuple[str, str]:
    if project.run("init").code:
        return "", "init fails"
    if project.run("validate").code not in (0, MISTAKE):
        return "", "what init wrote is no manifest"
    document = project.run("plan", "--json")
    if document.code == 0 and not document.json["summary"]["create"]:
        # What init passes over is named by hand: then it has to be told what it is.
        path = json.dumps(name, ensure_ascii=False)
        project.manifest(f"datapoints:\n  - {{name: a, items: [{path}]}}\n")
    first = project.run("plan")
    if first.code:
        return _called(first), "" if first.code == MISTAKE else f"exit code {first.code}"
    applied = project.apply()
    if applied.code:
        return _called(applied), f"apply ends with {applied.code}"
    if "No changes" not in project.run("plan").out:
        return "sent", "a second plan has changes"
    warned = "; told: " + _called(first) if "warning" in first.err else ""
    return f"sent{warned}", ""


def _called(ran: Ran) -> str:
    """The first message, without the names of files and numbers that differ."""
    lines = [one for one in ran.err.splitlines() if re.match(r"(warning: )?\S+:\d+:\d+: ", one)]
    text = re.sub(r"^(warning: )?\S+:\d+:\d+: ", "", lines[0]) if lines else ran.err.strip()
    text = re.sub(r"^[^`]\S*: (?=the|this)", "", text)
    return re.sub(r"`[^`]*\.[^`]*`", "it", re.sub(r"\d[\d,.]*", "N", text))


def written() -> tuple[str, list[str]]:
    """The table, and what is wrong."""
    lines = ["| package | called | files |", "|---|---|---|"]
    wrong = []
    for package, module in PACKAGES.items():
        found: dict[str, list[str]] = defaultdict(list)
        for file in data_files(module):
            called, fault = outcome(file)
            if fault:
                wrong.append(f"{file}: {called}: {fault}")
            found[called or "a fault"].append(file.name)
        for called, names in sorted(found.items(), key=lambda pair: -len(pair[1])):
            shown = ", ".join(sorted(set(names))[:SHOWN])
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            text = called.replace("|", "\\|")
            lines.append(f"| {package} | {text} | {len(names)}: {shown}{more} |")
    return "\n".join(lines) + "\n", wrong


def main() -> int:
    table, wrong = written()
    before, _, rest = TABLE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    TABLE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print("\n".join(wrong) or "nothing is silently wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
