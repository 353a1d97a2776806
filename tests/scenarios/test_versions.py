"""Versions of a dataset: locked, verified, and merged by git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image

from rbsync.locks.layout import files_of
from rbsync.locks.lock_content import Lock
from rbsync.locks.parsing import read_lock
from tests.hints.following import follows
from tests.scenarios.project import BOX, Project

SCRIPT = Path(__file__).parents[2] / "examples/versions/digest.sh"
BUS = [{**BOX, "category": [["object", "bus"]]}]
GOLDEN = Path(__file__).parents[1] / "golden/locks"


# Fixed bytes: what an encoder writes changes with its version, and a golden lock must not.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55000000"
    "0a49444154789c63a8070000810080d394534a0000000049454e44ae426082"
)


def picture(project: Project, path: str, color: int) -> None:
    file = project.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (color, 0, 0)).save(file)


@pytest.fixture
def site(tmp_path: Path) -> Project:
    project = Project(tmp_path / "site")
    project.manifest("project: {type: IMAGE_BBOX}\ndatapoints:\n  - items_list: items.json\n")
    for name, color in (("x/a", 1), ("x/b c", 2), ("Y/a", 3)):
        picture(project, f"images/{name}.png", color)
    project.write("labels/a.json", [BOX])
    declare(project)
    return project


def declare(project: Project, **more: object) -> None:
    entries = [{"name": "first", "items": ["images/x/a.png"], "labels": [BOX], **more}]
    folders = sorted((project.folder / "images").iterdir())
    paths = [f"images/{one.name}/{file.name}" for one in folders for file in sorted(one.iterdir())]
    entries += [{"items": [path], "name": path} for path in paths if path != "images/x/a.png"]
    project.write("items.json", entries)


def locked(project: Project) -> dict[str, bytes]:
    assert project.run("lock").code == 0
    folder = project.folder / "rbsync.lock"
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_lock_is_the_golden_one(site: Project) -> None:
    for path in ("x/a", "x/b c", "Y/a", "x/c\\d"):
        site.write(f"images/{path}.png", PIXEL)
    declare(site)
    found = locked(site)
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        shutil.copytree(site.folder / "rbsync.lock", GOLDEN)
    assert found == {file.name: file.read_bytes() for file in GOLDEN.iterdir()}


def test_the_same_files_elsewhere_have_the_same_lock(site: Project, tmp_path: Path) -> None:
    first = locked(site)
    other = Project(tmp_path / "deep/er")
    umask = os.umask(0o077)
    try:
        for file in sorted(site.folder.rglob("*"), reverse=True):
            path = file.relative_to(site.folder)
            if file.is_file() and path.parts[0] not in ("rbsync.lock", ".rbsync"):
                written = other.write(str(path), file.read_bytes())
                os.utime(written, (1e9, 1e9))
        assert locked(other) == first
    finally:
        os.umask(umask)


def test_any_change_is_another_version_and_is_named(site: Project) -> None:
    digests = {site.run("lock").last_line}
    assert site.run("lock", "--check").code == 0
    changes = [
        lambda: picture(site, "images/x/b c.png", 9),
        lambda: declare(site, priority=0.5),
        lambda: declare(site, labels=BUS),
        lambda: declare(site, labels=BUS, name="other"),
    ]
    told = ["images/x/b c.png: files differ", "settings differ", "labels differ", "first to other"]
    for change, said in zip(changes, told, strict=True):
        change()
        checked = site.run("lock", "--check")
        assert checked.code == 2, checked
        assert said in checked.out
        digests.add(site.run("lock").last_line)
        assert site.run("verify").code == 0
    assert len(digests) == 5


def test_coreutils_verify_every_file_and_compute_the_digest(site: Project) -> None:
    digest = site.run("lock").last_line
    sums = sorted(str(file) for file in (site.folder / "rbsync.lock").glob("*.sums"))
    assert len(sums) == 2
    command = ["sha256sum", "--strict", "--quiet", "-c", *sums]
    assert subprocess.run(command, cwd=site.folder).returncode == 0
    script = ["sh", str(SCRIPT), str(site.folder / "rbsync.lock")]
    assert subprocess.check_output(script, text=True).strip() == digest
    picture(site, "images/x/a.png", 77)
    assert subprocess.run(command, cwd=site.folder, capture_output=True).returncode == 1


def test_a_second_lock_reads_no_file_again_and_writes_the_one_that_changed(site: Project) -> None:
    for file in (site.folder / "images").rglob("*.png"):
        os.utime(file, (1e9, 1e9))
    site.run("lock")
    kept = site.folder / "rbsync.lock/images%2F%59.sums"
    before = kept.stat().st_mtime_ns
    picture(site, "images/x/a.png", 50)
    assert site.run("lock", "--json").json["written"] == 1
    assert kept.stat().st_mtime_ns == before


def test_bytes_that_changed_behind_size_and_time_are_seen_by_a_deep_look(site: Project) -> None:
    site.run("lock")
    file = site.folder / "images/x/a.png"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    found = site.run("verify", "--deep")
    assert found.code == 2
    assert "images/x/a.png" in found.out


def test_a_pattern_narrows_what_is_told(site: Project) -> None:
    site.run("lock")
    picture(site, "images/x/b c.png", 9)
    assert site.run("verify", "images/Y/**").code == 0
    assert site.run("verify", "images/x/b c.png").code == 2
    assert site.run("verify", "images/x/**").code == 2


def test_what_a_pattern_leaves_out_is_not_counted(site: Project) -> None:
    site.run("lock")
    every = json.loads(site.run("verify", "--json").out)
    one = site.run("verify", "images/Y/**")
    assert one.err == "1 datapoint, 1 file: as locked.\n"
    some = json.loads(site.run("verify", "--json", "images/Y/**").out)
    assert (some["datapoints"], some["files"]) == (1, 1)
    assert every["datapoints"] > 1 < every["files"]
    assert some["digest"] == every["digest"]


def test_without_a_lock_the_next_step_is_told(site: Project) -> None:
    found = site.run("verify")
    assert found.code == 65
    assert "`rbsync lock` writes one" in found.err


def test_a_hint_is_printed_once(shared: Project) -> None:
    found = shared.run("diff", "main", "nowhere")
    assert found.code == 65
    assert found.err.count("`git log -- rbsync.lock` lists the revisions that have one") == 1


def test_a_lock_that_is_a_link_is_neither_read_nor_written(site: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (site.folder / "rbsync.lock").symlink_to(tmp_path / "elsewhere")
    assert site.run("lock").code == 65
    assert site.run("verify").code == 65
    assert not list((tmp_path / "elsewhere").iterdir())


@follows("if these are the files that you mean, write the lock anew: rbsync lock")
def test_nothing_but_the_locked_version_is_planned_and_applied(site: Project) -> None:
    site.run("lock")
    assert site.run("plan", "--locked").code == 0
    picture(site, "images/x/a.png", 50)
    for words in (["plan", "--locked"], ["apply", "--yes", "--locked"]):
        refused = site.run(*words)
        assert refused.code == 65
        assert "first" in refused.err
        assert (
            refused.err.splitlines().count("the file images/x/a.png has other bytes than the lock")
            == 1
        )
    assert not site.run("ls").out
    site.run("lock")
    assert site.run("apply", "--yes", "--locked").code == 0


def test_a_strangers_lock_is_no_authority(site: Project) -> None:
    site.run("lock")
    assert site.run("plan", "--locked", "--untrusted").code == 6


def git(project: Project, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    own = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["git", *own, *arguments],
        cwd=project.folder,
        env={**os.environ, "PATH": path},
        check=check,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def shared(site: Project) -> Project:
    site.manifest("project: {type: IMAGE_BBOX}\ndatapoints:\n  - glob: images/**/*.png\n")
    git(site, "init", "-q", "-b", "main")
    commit(site)
    return site


def commit(project: Project) -> None:
    ran = project.run("lock")
    assert ran.code == 0, ran
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "x")


def on_two_branches(project: Project, ours: list[str], theirs: list[str], colors=(7, 8)) -> None:
    git(project, "checkout", "-q", "-b", "theirs")
    for path in theirs:
        picture(project, path, colors[1])
    commit(project)
    git(project, "checkout", "-q", "main")
    for path in ours:
        picture(project, path, colors[0])
    commit(project)


def test_branches_that_add_to_different_folders_merge_without_help(shared: Project) -> None:
    on_two_branches(shared, ["images/o/1.png"], ["images/t/1.png"])
    assert git(shared, "merge", "-q", "theirs").returncode == 0
    assert shared.run("lock", "--check").code == 0


def test_branches_that_add_to_one_folder_merge_with_the_driver(shared: Project) -> None:
    shared.run("lock", "--install-merge-driver")
    ours = [f"images/x/m{number}.png" for number in range(0, 40, 2)]
    theirs = [f"images/x/m{number}.png" for number in range(1, 40, 2)]
    on_two_branches(shared, ours, theirs)
    merged = git(shared, "merge", "-q", "theirs", check=False)
    assert merged.returncode == 0, merged
    assert shared.run("lock", "--check").code == 0


def test_a_datapoint_that_both_branches_changed_is_a_conflict_and_named(shared: Project) -> None:
    shared.run("lock", "--install-merge-driver")
    on_two_branches(shared, ["images/x/a.png"], ["images/x/a.png"])
    merged = git(shared, "merge", "theirs", check=False)
    assert merged.returncode == 1
    assert "both sides changed `images/x/a.png`" in merged.stderr + merged.stdout
    checked = shared.run("lock", "--check")
    assert checked.code == 65
    assert "a merge conflict that is not resolved" in checked.err


def test_of_many_conflicts_of_a_file_the_first_are_named(shared: Project) -> None:
    shared.run("lock", "--install-merge-driver")
    names = [f"images/x/m{number:02}.png" for number in range(20)]
    on_two_branches(shared, names, names)
    merged = git(shared, "merge", "theirs", check=False)
    said = (merged.stderr + merged.stdout).splitlines()
    assert sum("both sides changed" in line for line in said) == 5
    assert any(line.endswith(": … and 15 more of both sides") for line in said)


def test_a_union_merge_of_one_datapoint_is_seen_with_both_places(shared: Project) -> None:
    (shared.folder / "rbsync.lock/.gitattributes").write_text("*.sums -text merge=union\n")
    commit(shared)
    on_two_branches(shared, ["images/x/a.png"], ["images/x/a.png"])
    git(shared, "merge", "theirs", check=False)
    checked = shared.run("lock", "--check")
    assert checked.code == 65
    assert "`images/x/a.png` stands here and at rbsync.lock/images%2Fx.sums:" in checked.err


def test_two_tags_are_compared_by_name(shared: Project) -> None:
    git(shared, "tag", "v1")
    shutil.move(shared.folder / "images/x/a.png", shared.folder / "images/Y/moved.png")
    picture(shared, "images/x/b c.png", 60)
    picture(shared, "images/x/new.png", 61)
    (shared.folder / "images/Y/a.png").unlink()
    commit(shared)
    git(shared, "tag", "v2")
    found = shared.run("diff", "v1", "v2", "--json").json["difference"]
    assert found["added"] == ["images/x/new.png"]
    assert found["removed"] == ["images/Y/a.png"]
    assert found["moved"] == [{"name": "images/Y/moved.png", "before": "images/x/a.png"}]
    assert found["changed"] == [{"name": "images/x/b c.png", "facets": ["items"]}]
    assert shared.run("diff", "v1").code == 2
    same = shared.run("diff", "v2")
    assert (same.code, same.err.splitlines()[-1].endswith(": no difference")) == (0, True)
    assert shared.run("diff", "v2", "rbsync.lock").code == 0
    assert shared.run("diff", "nowhere").code == 65


ODD = ["a b", "new\nline", "carri\rage", "back\\slash", "Case", "case", "per%41cent", "-", "ümlaut"]


@pytest.fixture
def odd(site: Project) -> Project:
    """Files with names of all kinds that a manifest may name."""
    for number, name in enumerate(ODD):
        picture(site, f"images/o/{name}.png", 100 + number)
    entries = [{"name": f"n{at}", "items": [f"images/o/{one}.png"]} for at, one in enumerate(ODD)]
    site.write("items.json", entries)
    return site


def test_a_name_that_is_no_utf_8_stands_as_it_is(tmp_path: Path) -> None:
    path = os.fsdecode(b"o/latin\xe9.png")
    (tmp_path / "o").mkdir()
    with open(os.path.join(os.fsencode(tmp_path), b"o/latin\xe9.png"), "wb") as file:
        file.write(PIXEL)
    lock = Lock({path: sha256(PIXEL).hexdigest()})
    for name, text in files_of(lock).items():
        (tmp_path / name).write_bytes(text)
        assert b"latin\xe9.png" in text
        command = ["sha256sum", "--strict", "--quiet", "-c", name]
        assert subprocess.run(command, cwd=tmp_path).returncode == 0
    assert read_lock(files_of(lock), "x").sums == lock.sums


def test_coreutils_check_names_of_all_kinds_and_see_each_changed_byte(odd: Project) -> None:
    assert odd.run("lock").code == 0
    sums = sorted(str(file) for file in (odd.folder / "rbsync.lock").glob("*.sums"))
    command = ["sha256sum", "--strict", "--quiet", "-c", *sums]
    assert subprocess.run(command, cwd=odd.folder).returncode == 0
    files = sorted((odd.folder / "images/o").iterdir())
    assert len(files) == len(ODD)
    for path in files:
        before = path.read_bytes()
        path.write_bytes(before + b"\0")
        assert subprocess.run(command, cwd=odd.folder, capture_output=True).returncode == 1, path
        path.write_bytes(before)
    assert subprocess.run(command, cwd=odd.folder).returncode == 0


def test_neither_locale_nor_owner_nor_the_disk_has_a_part_in_a_lock(
    odd: Project, tmp_path: Path
) -> None:
    first = locked(odd)
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as elsewhere:
        shutil.rmtree(odd.folder / "rbsync.lock")
        shutil.rmtree(odd.folder / ".rbsync")
        # As a tree is sent to another machine: other inodes, other order, another owner.
        subprocess.run(["cp", "-R", f"{odd.folder}/.", elsewhere], check=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "12345:12345", elsewhere], check=True)
        environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
        command = [sys.executable, "-m", "rbsync", "lock"]
        ran = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True)
        assert ran.returncode == 0, ran
        folder = Path(elsewhere) / "rbsync.lock"
        assert {file.name: file.read_bytes() for file in folder.iterdir()} == first


def test_a_lock_is_attested_for_programs_that_sign(shared: Project) -> None:
    ran = shared.run("lock", "--attest", "lock.intoto.json")
    assert ran.code == 0, ran
    told = json.loads((shared.folder / "lock.intoto.json").read_text())
    version = ran.last_line
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    (subject,) = told["subject"]
    assert subject == {"name": "rbsync.lock", "digest": {"dirHash": version.rpartition(":")[2]}}
    revision = git(shared, "rev-parse", "HEAD").stdout.strip()
    assert told["predicate"] == {
        "version": version,
        "datapoints": 3,
        "files": 3,
        "revision": revision,
    }
    picture(shared, "images/x/new.png", 9)
    shared.run("lock", "--attest", "lock.intoto.json")
    told = json.loads((shared.folder / "lock.intoto.json").read_text())
    assert "revision" not in told["predicate"], "what is not committed is of no revision"
    assert shared.run("lock", "--check", "--attest", "x.json").code == 64


def test_a_bag_holds_names_of_all_kinds(odd: Project) -> None:
    bagit = pytest.importorskip("bagit")
    picture(odd, "images/new\nfolder/a.png", 99)
    entries = [*json.loads((odd.folder / "items.json").read_text())]
    folder = {"name": "folder", "items": ["images/new\nfolder/a.png"]}
    odd.write("items.json", [*entries, folder])
    assert odd.run("lock").code == 0
    assert odd.run("export", "bagit", "bag").code == 0
    found = bagit.Bag(str(odd.folder / "bag"))
    assert found.is_valid()
    assert {Path(one).stem for one in found.payload_files()} >= set(ODD)


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "a\x1cb"])
def test_a_name_that_those_who_check_bags_cannot_read_is_refused(odd: Project, name: str) -> None:
    picture(odd, f"images/o/{name}.png", 99)
    odd.write("items.json", [{"name": "one", "items": [f"images/o/{name}.png"]}])
    assert odd.run("lock").code == 0
    ran = odd.run("export", "bagit", "bag")
    assert ran.code == 65
    assert f"the path {f'images/o/{name}.png'!a} cannot be in a bag" in ran.err


@pytest.mark.parametrize("pattern", ["nothing/**", "images/*.png", "images/x/A.png"])
def test_a_pattern_that_matches_nothing_is_no_proof(site: Project, pattern: str) -> None:
    assert site.run("lock").code == 0
    found = site.run("verify", "images/x/**", pattern)
    assert found.code == 0
    said = f"warning: no datapoint and no file matches `{pattern}`\n"
    assert found.err.startswith(f"{said}    `rbsync expand` lists all names;")
    assert json.loads(site.run("--json", "verify", pattern).out)["problems"][0]["code"] == (
        "empty-target"
    )


@pytest.mark.parametrize("pattern", ["first", "images/x/a.png", "images/new/**", "labels/*", "*"])
def test_a_pattern_that_matches_a_name_or_a_path_is_not_warned_of(
    site: Project, pattern: str
) -> None:
    site.write("items.json", [{"name": "first", "items": ["images/x/a.png"], "labels": [BOX]}])
    assert site.run("lock").code == 0
    picture(site, "images/new/n.png", 9)
    site.write("labels/b.json", [BOX])
    declare(site, labels="labels/b.json")
    assert "warning" not in site.run("verify", pattern).err


@pytest.mark.parametrize("command", ["lock", "diff HEAD", "verify"])
def test_a_broken_file_is_not_answered_with_another_command(site: Project, command: str) -> None:
    assert site.run("lock").code == 0
    subprocess.run(["git", "init", "-q"], cwd=site.folder, check=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=site.folder, check=True)
    subprocess.run(["git", *who, "commit", "-qm", "one"], cwd=site.folder, check=True)
    site.write("images/x/b c.png", PIXEL[:-20])
    found = site.run(*command.split())
    assert found.code in (2, 65)
    assert "images/x/b c.png" in found.err
    assert "--keep-going" not in found.err


def test_line_ends_that_were_changed_are_told(site: Project) -> None:
    assert site.run("lock").code == 0
    before = locked(site)
    (file, *_) = sorted((site.folder / "rbsync.lock").glob("*.sums"))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    for command in ("lock --check", "verify", "plan --locked", "diff lock"):
        found = site.run(*command.split())
        assert found.code == 65
        assert "a carriage return: the line ends were changed on the way here" in found.err
        assert "`rbsync lock` writes it anew from the files" in found.err
    assert site.run("lock").code == 0
    assert locked(site) == before
