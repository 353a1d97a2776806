"""The key: from the environment, the vendor's file, or a command; never of a wrong length."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.redbrick.api.credentials import (
    ApiKey,
    bound_to,
    key_for,
    read_credentials,
)
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import BackendError, ExitCode
from rbsync.trust import read_trust
from tests.backends.redbrick.samples import draft
from tests.backends.redbrick.wire import KEY, ORG, PROJECT, Wire

FILE = f"""\
[default]
profile = main
[main]
key = {"m" * 43}
org = AAAAAAAA-0000-4000-8000-000000000001
url = https://api.redbrickai.com/
[other]
type = apikey
key = {"o%" + "o" * 41}
org = x
url = https://other.example
[person]
type = session
org = x
url = https://other.example
[bare]
type = apikey
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def file(home: Path) -> Path:
    (home / ".redbrickai").mkdir()
    path = home / ".redbrickai" / "credentials"
    path.write_text(FILE)
    return path


def error_of(**given: Any) -> BackendError:
    with pytest.raises(BackendError) as raised:
        read_credentials(**{"environment": {}, **given})
    assert raised.value.kind == "auth"
    assert raised.value.exit_code is ExitCode.AUTH
    return raised.value


def test_the_key_of_the_environment_comes_before_the_file(file: Path) -> None:
    known = {"RBSYNC_API_KEY": f" {KEY}\n"}
    for more in ({}, {"REDBRICK_PROFILE": "other"}, {"REDBRICK_PROFILE": "nobody"}):
        found = read_credentials(environment=known | more)
        assert (found.key.reveal(), found.source) == (KEY, "RBSYNC_API_KEY")


def test_a_profile_that_is_asked_for_comes_before_the_key_of_the_environment(file: Path) -> None:
    known = {"RBSYNC_API_KEY": KEY}
    found = read_credentials(environment=known, profile="other")
    assert (found.key.reveal(), found.source) == ("o%" + "o" * 41, "profile other")
    message = 'there is no profile "othr" in the credentials file'
    assert str(error_of(environment=known, profile="othr")) == message


def test_a_key_of_a_profile_is_for_its_own_service_and_organization_only(file: Path) -> None:
    main, other = (read_credentials(environment={}, profile=one) for one in ("main", "other"))
    org = "AAAAAAAA-0000-4000-8000-000000000001"
    assert key_for(main, "https://API.redbrickai.com", org).reveal() == "m" * 43
    assert key_for(other, "https://other.example/api/", "X") is other.key
    with pytest.raises(BackendError) as raised:
        key_for(other, "https://api.redbrickai.com", "x")
    assert str(raised.value) == (
        "the profile other is for https://other.example, "
        "and the manifest names https://api.redbrickai.com"
    )
    assert raised.value.hint == "choose another profile with --profile, or correct the manifest"
    assert raised.value.exit_code is ExitCode.AUTH
    with pytest.raises(BackendError) as raised:
        key_for(main, "https://api.redbrickai.com", ORG.replace("a", "b"))
    assert str(raised.value) == (
        f"the profile main is for the organization {org.lower()}, "
        f"and the manifest names {ORG.replace('a', 'b')}"
    )


def test_a_key_that_is_no_profiles_is_for_the_vendors_service_or_this_machine(home: Path) -> None:
    found = read_credentials(environment={"RBSYNC_API_KEY": KEY})
    for url in ("https://api.redbrickai.com", "http://localhost:8765", "http://[::1]:1"):
        assert key_for(found, url, ORG).reveal() == KEY
    with pytest.raises(BackendError) as raised:
        key_for(found, "https://other.example", ORG)
    assert str(raised.value) == (
        "the RBSYNC_API_KEY is for https://api.redbrickai.com, "
        "and the manifest names https://other.example"
    )


def test_a_key_is_for_the_service_that_somebody_named_and_no_other(home: Path) -> None:
    known = {"RBSYNC_API_KEY": KEY}
    found = read_credentials(environment=known, url="https://other.example")
    assert key_for(found, "https://other.example", ORG).reveal() == KEY
    for url in ("https://api.redbrickai.com", "http://localhost:8765", "https://other.example:1"):
        with pytest.raises(BackendError, match=r"is for https://other\.example, and the manifest"):
            key_for(found, url, ORG)


def test_a_profile_for_no_usable_address_is_for_no_service(file: Path) -> None:
    file.write_text(FILE.replace("https://other.example", "http://user:passw0rd@other.example"))
    other = read_credentials(environment={}, profile="other")
    with pytest.raises(BackendError, match=r"is for http://…@other.example, and the manifest"):
        key_for(other, "http://user:passw0rd@other.example", "x")


def test_a_default_that_the_file_does_not_have_is_named_with_the_file(file: Path) -> None:
    file.write_text(FILE.replace("profile = main", "profile = gone"))
    message = '[default] of ~/.redbrickai/credentials names the profile "gone", which is not in it'
    assert str(error_of()) == message
    command = [sys.executable, "-c", f"print('{KEY}')"]
    assert read_credentials(environment={}, command=command).key.reveal() == KEY
    inner = file.parents[1] / "venv"
    inner.mkdir()
    file.parent.rename(inner / ".redbrickai")
    found = error_of(environment={"VIRTUAL_ENV": str(inner)})
    assert str(found) == message.replace("~", "$VIRTUAL_ENV")


def test_a_byte_order_mark_is_no_part_of_the_file(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_credentials(environment={}).source == "profile main"


def test_the_default_profile_of_the_file(file: Path) -> None:
    found = read_credentials(environment={})
    assert found.key.reveal() == "m" * 43
    assert found.source == "profile main"
    assert found.org_id == "aaaaaaaa-0000-4000-8000-000000000001"
    assert found.url == "https://api.redbrickai.com"


def test_a_profile_is_chosen_by_argument_then_by_environment(file: Path) -> None:
    named = {"REDBRICK_PROFILE": "other"}
    assert read_credentials(environment=named).key.reveal() == "o%" + "o" * 41
    assert read_credentials(environment=named, profile="main").key.reveal() == "m" * 43


def test_a_file_in_the_virtual_environment_comes_before_that_at_home(file: Path) -> None:
    (file.parents[1] / "venv" / ".redbrickai").mkdir(parents=True)
    inner = file.parents[1] / "venv"
    environment = {"VIRTUAL_ENV": str(inner)}
    assert read_credentials(environment=environment).key.reveal() == "m" * 43
    text = f"[default]\nprofile = a\n[a]\nkey = {'v' * 43}\n"
    (inner / ".redbrickai" / "credentials").write_text(text)
    assert read_credentials(environment=environment).key.reveal() == "v" * 43


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("nobody", 'there is no profile "nobody" in the credentials file'),
        (
            "person",
            'the profile "person" is a login by browser: it names the service and the '
            "organization, and has no API key",
        ),
        ("bare", 'the profile "bare" has no key'),
        ("default", 'there is no profile "default" in the credentials file'),
    ],
)
def test_a_profile_that_has_no_key(file: Path, profile: str, message: str) -> None:
    assert str(error_of(profile=profile)) == message


def test_a_login_by_browser_says_what_the_key_is_for(file: Path) -> None:
    named = {"RBSYNC_API_KEY": KEY}
    command = [sys.executable, "-c", f"print('{KEY}')"]
    for found in (
        read_credentials(environment=named, profile="person"),
        read_credentials(environment={}, profile="person", command=command),
        read_credentials(environment={"REDBRICK_PROFILE": "person"}, command=command),
    ):
        assert key_for(found, "https://other.example", "X").reveal() == KEY
        assert found.source.endswith("of profile person")
        for url, org in (("https://other.example", "y"), ("https://api.redbrickai.com", "x")):
            with pytest.raises(BackendError, match="of profile person is for"):
                key_for(found, url, org)


def test_a_login_names_the_service_of_a_key_that_nobody_says_more_of(file: Path) -> None:
    file.write_text(FILE.replace("profile = main", "profile = person"))
    known = {"RBSYNC_API_KEY": KEY}
    found = read_credentials(environment=known)
    trust = read_trust(known)
    assert bound_to(trust, known).url == "https://other.example"
    # The key may be of another organization than the person, and of a service on this machine.
    for url in ("https://other.example", "http://localhost:8765"):
        assert key_for(found, url, "y").reveal() == KEY
    with pytest.raises(BackendError, match="RBSYNC_API_KEY of profile person is for"):
        key_for(found, "https://api.redbrickai.com", "y")
    said = read_credentials(environment=known, url="https://api.redbrickai.com")
    assert key_for(said, "https://api.redbrickai.com", "y").reveal() == KEY


def test_a_broken_file_is_not_quoted(file: Path) -> None:
    file.write_text(f"key = {KEY}\n")
    assert KEY not in str(error_of())


def test_a_command_prints_the_key(home: Path) -> None:
    command = [sys.executable, "-c", f"print('{KEY}'); print('and more')"]
    assert read_credentials(environment={}, command=command).key.reveal() == KEY


def test_a_command_is_not_given_to_a_shell(home: Path) -> None:
    command = [sys.executable, "-c", "import sys; print(sys.argv[1])", "$(echo x)" + "k" * 34]
    found = read_credentials(environment={}, command=command)
    assert found.key.reveal() == "$(echo x)" + "k" * 34


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("print('short')", "must have 43 characters; this one has 5"),
        ("pass", "must have 43 characters; this one has 0"),
    ],
)
def test_a_command_that_fails(home: Path, code: str, message: str) -> None:
    assert message in str(error_of(command=[sys.executable, "-c", code]))


def test_a_command_that_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rbsync.backends.redbrick.api.credentials.COMMAND_SECONDS", 0.2)
    command = [sys.executable, "-c", "import time; time.sleep(9)"]
    assert "printed no API key" in str(error_of(command=command))


def test_a_command_that_is_not_there(home: Path) -> None:
    assert "cannot be run" in str(error_of(command=["/nowhere/pass"]))


def test_no_key_at_all(home: Path) -> None:
    error = error_of()
    assert str(error) == "there is no API key"
    assert "RBSYNC_API_KEY" in error.hint


@pytest.mark.parametrize("key", ["ü" * 43, "k" * 41 + "\x07k"])
def test_a_key_of_other_characters_is_not_said_to_be_of_a_wrong_length(key: str) -> None:
    with pytest.raises(BackendError) as raised:
        ApiKey(key)
    message = "the API key has characters that no key has, such as letters with accents"
    assert str(raised.value) == message


@pytest.mark.parametrize("key", ["", "k" * 42, "k" * 44, "ü" * 43])
def test_a_key_of_a_wrong_length_is_refused_before_any_request(wire: Wire, key: str) -> None:
    backend = RedbrickBackend(wire.url, ORG, PROJECT, key)
    for call in (backend.project, lambda: backend.create([draft()])):
        with pytest.raises(BackendError) as raised:
            call()
        assert (raised.value.kind, raised.value.sent) == ("auth", False)
    assert wire.requests == []


def test_a_key_is_looked_for_when_it_is_needed(wire: Wire) -> None:
    calls: list[int] = []

    def find() -> ApiKey:
        calls.append(1)
        return ApiKey(KEY)

    backend = RedbrickBackend(wire.url, ORG, PROJECT, find)
    assert calls == []
    backend.project()
    backend.project()
    assert calls == [1]
    assert wire.requests[0].headers["apikey"] == KEY


def test_netrc_is_never_read(wire: Wire, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".netrc").write_text("machine localhost login someone password secret\n")
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    RedbrickBackend(wire.url, ORG, PROJECT, KEY).project()
    assert "authorization" not in wire.requests[0].headers


def test_a_proxy_of_the_environment_is_used_and_its_password_is_not_shown(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://someone:passw0rd@localhost:{wire.port}")
    backend = RedbrickBackend("http://127.0.0.1:1", ORG, PROJECT, KEY)
    assert backend.project().name == "proj-a"
    (request,) = wire.requests
    assert request.target == "http://127.0.0.1:1/graphql/"
    assert request.headers["proxy-authorization"].startswith("Basic ")
    monkeypatch.setenv("http_proxy", "http://someone:passw0rd@localhost:1")
    with pytest.raises(BackendError) as raised:
        RedbrickBackend("http://127.0.0.1:2", ORG, PROJECT, KEY).project()
    assert "passw0rd" not in str(raised.value)
    assert raised.value.sent is False


def test_no_proxy_is_honoured(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://localhost:1")
    monkeypatch.setenv("no_proxy", "localhost")
    assert RedbrickBackend(wire.url, ORG, PROJECT, KEY).project().name == "proj-a"


def test_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://localhost:1")
    with pytest.raises(BackendError, match="neither an http nor an https one"):
        RedbrickBackend("http://127.0.0.1:2", ORG, PROJECT, KEY).project()
