"""`rbsync serve` as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
import requests
import yaml

from rbsync.cli.main import main
from rbsync.cli.options import CommonOptions
from rbsync.cli.serve import command
from rbsync.errors import ExitCode, RbsyncError, UserError
from tests.hints.following import follows
from tests.scenarios.project import Project
from tests.scenarios.started import Started
from tests.schemas import validator
from tests.service import documents
from tests.service.serve_here import KEY

ROOT = Path(__file__).parents[2]
START = "from rbsync.cli.serve import command; from rbsync.cli.options import CommonOptions;"
RUN = f"{START} command.main(standalone_mode=False, obj=CommonOptions())"
ORG = "aaaaaaaa-0000-4000-8000-000000000001"


@contextmanager
def serve(*arguments: str, **environment: str) -> Iterator[Started]:
    given = ("serve", "--port", "0", *arguments)
    with Started(*given, folder=ROOT, environment=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serve_from_its_start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """As people start it, where the start or the list of processes is the subject."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN, "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: Started | subprocess.Popen[str], count: int) -> str:
    assert process.stdout
    return "".join(process.stdout.readline() for _ in range(count))


def opened(url: str, org: str, project: str, key: str) -> str:
    variables = {"orgId": org, "projectId": project}
    body = {"query": documents.text("project"), "variables": variables}
    answer = requests.post(f"{url}/graphql/", json=body, headers={"ApiKey": key}, timeout=20)
    return str(answer.json()["data"]["project"]["name"])


def test_it_prints_what_a_manifest_needs(tmp_path: Path) -> None:
    with serve("--path", str(tmp_path / "mine"), RBSYNC_API_KEY=KEY) as process:
        block = yaml.safe_load(lines(process, 5))
        known = block["backend"]
        assert known["kind"] == "redbrick"
        assert opened(known["url"], known["org_id"], known["project_id"], KEY) == "mine"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == "Serving mine. Stop with Ctrl-C.\nStopped.\n"


def test_a_key_is_made_when_none_is_given_and_ids_stay(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        with serve("--path", str(tmp_path / "p"), "--json") as process:
            found.append(json.loads(lines(process, 1)))
    for one in found:
        validator("serve", lines=False).validate(one)
    assert [len(one["api_key"]) for one in found] == [43, 43]
    assert found[0]["api_key"] != found[1]["api_key"]
    for key in ("org_id", "project_id"):
        assert found[0][key] == found[1][key]


def test_a_key_that_is_given_is_never_shown(tmp_path: Path) -> None:
    """It may be that of the real service."""
    folder = ["--path", str(tmp_path / "p")]
    for given, environment in ((["--api-key", KEY], {}), ([], {"RBSYNC_API_KEY": KEY})):
        with serve(*folder, "--json", "-v", *given, **environment) as process:
            known = json.loads(lines(process, 1))
            assert set(known) == {"format_version", "url", "org_id", "project_id"}
            assert opened(known["url"], known["org_id"], known["project_id"], KEY) == "p"
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        assert KEY not in errors


def test_a_key_may_stand_in_a_file_and_so_in_no_list_of_processes(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    with serve_from_its_start(
        "--path", str(tmp_path / "p"), "--json", "--api-key-file", str(file)
    ) as process:
        known = json.loads(lines(process, 1))
        assert "api_key" not in known
        assert opened(known["url"], known["org_id"], known["project_id"], KEY) == "p"
        assert KEY not in Path(f"/proc/{process.pid}/cmdline").read_text()


@pytest.mark.parametrize(
    ("content", "more", "what"),
    [
        ("", [], "is empty"),
        ("short", [], "the API key has 5 characters"),
        (None, [], "cannot be read: No such file"),
        (KEY, ["--api-key", KEY], "--api-key and --api-key-file are two keys"),
    ],
)
@follows("write the key into it, and let nobody else read it: chmod 600", elsewhere=True)
def test_a_file_without_a_key_is_wrong_usage(
    content: str | None, more: list[str], what: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)
    with serve("--path", str(tmp_path / "p"), "--api-key-file", str(file), *more) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == ExitCode.USAGE or "usage" in errors.lower() or what in errors
    assert what in errors
    assert KEY not in errors
    assert not (tmp_path / "p").exists()
    if content is None:
        wrong = Project(tmp_path / "here").run("serve", "--api-key-file", str(file))
        assert "write the key into it, and let nobody else read it: chmod 600" in wrong.err
        file.write_text(KEY)
        file.chmod(0o600)
        with serve("--path", str(tmp_path / "p"), "--api-key-file", str(file)) as process:
            assert lines(process, 5).startswith("backend:")


def test_the_new_key_is_shown_once_beside_the_block(tmp_path: Path) -> None:
    with serve("--path", str(tmp_path / "p")) as process:
        lines(process, 5)
        assert process.stderr
        assert process.stderr.readline().startswith("export RBSYNC_API_KEY=")


def test_it_answers_soon_after_its_parts_are_loaded(tmp_path: Path) -> None:
    """Against a Python that loads them alone, in turns: what else the machine does, both meet."""
    parts = "import graphql, httptools, requests, starlette.applications, uvicorn"
    ratios = []
    for _ in range(3):
        start = time.monotonic()
        subprocess.run([sys.executable, "-c", parts], check=True)
        loaded = time.monotonic() - start
        with serve_from_its_start("--path", str(tmp_path / "p"), "--json") as process:
            known = json.loads(lines(process, 1))
            assert requests.get(known["url"], timeout=20).status_code == 200
            ratios.append((time.monotonic() - start) / loaded - 1)
    assert min(ratios) < 2


def test_everything_may_be_chosen(tmp_path: Path) -> None:
    taxonomy = tmp_path / "taxonomy.json"
    taxonomy.write_text('["car", "bus"]')
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults: [{kind: GET, do: status, status: 418}]")
    chosen = ["--org-id", ORG, "--project-id", ORG, "--api-key", KEY, "--duplicate-name", "null"]
    files = ["--taxonomy", str(taxonomy), "--faults", str(faults), "--type", "IMAGE_BBOX"]
    with serve("--path", str(tmp_path / "p"), "--json", "-v", *chosen, *files) as process:
        known = json.loads(lines(process, 1))
        place = {"url": known["url"], "org_id": ORG, "project_id": ORG}
        assert known == {"format_version": 1, **place}
        validator("serve", lines=False).validate(known)
        body = {"query": documents.text("project"), "variables": {"orgId": ORG, "projectId": ORG}}
        answer = requests.post(
            f"{known['url']}/graphql/", json=body, headers={"ApiKey": KEY}, timeout=20
        )
        project = answer.json()["data"]["project"]
        assert project["tdType"] == "IMAGE_BBOX"
        assert len(project["taxonomy"]["categories"][0]["children"]) == 2
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert "POST /graphql/ 200" in errors
    assert KEY not in errors


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with serve("--path", str(tmp_path / "p"), "--json") as process:
        port = int(json.loads(lines(process, 1))["url"].rsplit(":", 1)[1])
        listening = {
            line.split()[1].split(":")[0]
            for name in ("tcp", "tcp6")
            for line in Path(f"/proc/{process.pid}/net/{name}").read_text().splitlines()[1:]
            if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port
        }
    assert listening <= {"0100007F", "00000000000000000000000001000000"}
    assert "0100007F" in listening


def run(*arguments: str) -> None:
    command.main(list(arguments), standalone_mode=False, obj=CommonOptions())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("FOO", '"FOO" is not a project type'),
        ("image_bbox", '"image_bbox" is not a project type; did you mean "IMAGE_BBOX"?'),
    ],
)
def test_a_type_that_does_not_exist_is_refused_before_anything_is_made(
    tmp_path: Path, given: str, message: str
) -> None:
    with pytest.raises(click.BadParameter) as caught:
        run("--path", str(tmp_path / "p"), "--type", given)
    assert caught.value.message == message
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(("option", "depth"), [("--taxonomy", 100_000), ("--faults", 2_000)])
def test_a_file_of_nothing_but_brackets_is_refused(tmp_path: Path, option: str, depth: int) -> None:
    file = tmp_path / "deep"
    file.write_text("[" * depth)
    with pytest.raises(UserError) as caught:
        run("--path", str(tmp_path / "p"), option, str(file), "--api-key", KEY)
    assert caught.value.problems[0].message == f"{file} cannot be read: it is nested too deeply"


def test_a_port_that_is_taken_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(RbsyncError, match=f"cannot listen on 127.0.0.1 port {port}"):
            run("--path", str(tmp_path / "p"), "--port", port)


def test_the_other_loopback_must_not_be_somebody_elses(tmp_path: Path) -> None:
    with (
        taken_on_ipv6_only() as port,
        pytest.raises(RbsyncError, match=f"cannot listen on ::1 port {port}"),
    ):
        run("--path", str(tmp_path / "p"), "--port", port, "--api-key", KEY)


@contextmanager
def taken_on_ipv6_only() -> Iterator[str]:
    """A port that is free on 127.0.0.1 and not on ::1.

    The system gives out ports of the two separately, so that another test may have this one.
    """
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        # Containers often have no IPv6 at all.
        pytest.skip("without a loopback of IPv6 nobody can have a port there")
    for _ in range(50):
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
            port = taken.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port)).close()
            except OSError:
                continue
            yield str(port)
            return
    pytest.fail("no port was free on 127.0.0.1")


NO_UUID = '"{}" is not a UUID such as 2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34'
ODD = "the API key has characters that no key has, such as letters with accents"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--api-key", "short", "the API key has 5 characters; the service's have 43"),
        ("--api-key", "ü" + "k" * 42, ODD),
        ("--api-key", "k" * 20 + "\n" + "k" * 22, ODD),
        ("--storage", "foo", NO_UUID.format("foo")),
        ("--storage", f"{ORG}=foo", '"foo" is not a bucket such as s3://BUCKET'),
        ("--storage", f"{ORG}=s3://b/key", '"s3://b/key" is not a bucket such as s3://BUCKET'),
        ("--org-id", "notauuid", NO_UUID.format("notauuid")),
        ("--project-id", ORG.replace("-", ""), NO_UUID.format(ORG.replace("-", ""))),
    ],
)
def test_what_no_client_could_use_is_refused(
    tmp_path: Path,
    option: str,
    value: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["serve", "--path", str(tmp_path / "p"), option, value]
    assert main(given) == ExitCode.USAGE
    shown = capsys.readouterr().err
    assert f"Invalid value for '{option}'" in shown
    assert shown.endswith(f": {message}\n")
    assert not (tmp_path / "p").exists()


def test_a_key_is_known_by_its_variable_and_not_shown_when_it_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RBSYNC_API_KEY", "not quite a key")
    assert main(["serve", "--json", "--path", str(tmp_path / "p")]) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert "RBSYNC_API_KEY" in shown.err
    assert "not quite a key" not in shown.out + shown.err


def test_the_folder_to_work_in_is_that_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.json").write_text('["car"]')
    (tmp_path / "faults.yaml").write_text("faults: [{kind: GET, do: status, status: 418}]")
    chosen = ["-C", str(tmp_path), "--path", "p", "--json", "--api-key", KEY]
    files = ["--taxonomy", "taxonomy.json", "--faults", "faults.yaml"]
    with serve(*chosen, *files) as process:
        known = json.loads(lines(process, 1))
        assert opened(known["url"], known["org_id"], known["project_id"], KEY) == "p"
    assert (tmp_path / "p").is_dir()
    with pytest.raises(UserError) as caught:
        run("-C", str(tmp_path), "--faults", "none.yaml", "--api-key", KEY)
    assert str(caught.value).startswith(f"{tmp_path}/none.yaml cannot be read")


@pytest.mark.parametrize("content", [None, "{", '{"categories": 3}'])
def test_a_taxonomy_that_is_none_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "taxonomy.json"
    if content:
        file.write_text(content)
    with pytest.raises(UserError):
        run("--path", str(tmp_path / "p"), "--taxonomy", str(file), "--api-key", KEY)


def test_a_project_of_another_type_is_refused(tmp_path: Path) -> None:
    folder = str(tmp_path / "p")
    with serve("--path", folder, "--json", "--type", "IMAGE_BBOX") as process:
        lines(process, 1)
    with pytest.raises(UserError, match="the project is of type IMAGE_BBOX, not VIDEO_BBOX"):
        run("--path", folder, "--type", "VIDEO_BBOX", "--api-key", KEY)
