"""The user's configuration: strict, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.trust.config import config_path, read_config


def config(folder: Path, text: str | bytes) -> Path:
    path = folder / "rbsync" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_all_its_keys(tmp_path: Path) -> None:
    config(
        tmp_path,
        'api_key_command = ["pass", "show"]\nurl = "https://a.example"\norg_id = "O"\n'
        'env = ["SITE"]\nroots = ["/data", "~/scans"]\nallow_private_urls = true\n'
        '[policy]\non_change = "replace"\n',
    )
    found = read_config({"XDG_CONFIG_HOME": str(tmp_path)})
    assert found.api_key_command == ("pass", "show")
    assert (found.url, found.org_id, found.env) == ("https://a.example", "O", ("SITE",))
    assert found.roots == ("/data", str(Path.home() / "scans"))
    assert found.allow_private_urls
    assert found.policy == {"on_change": "replace"}


def test_a_command_may_be_one_text(tmp_path: Path) -> None:
    config(tmp_path, "api_key_command = \"pass show 'a b'\"")
    known = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert read_config(known).api_key_command == ("pass", "show", "a b")


def test_none_says_nothing(tmp_path: Path) -> None:
    found = read_config({"XDG_CONFIG_HOME": str(tmp_path)})
    assert found == type(found)(str(tmp_path / "rbsync/config.toml"))


def test_where_it_is() -> None:
    assert config_path({"XDG_CONFIG_HOME": "/x"}) == "/x/rbsync/config.toml"
    for relative in ("", "x"):
        known = {"XDG_CONFIG_HOME": relative, "HOME": "/home/a"}
        assert config_path(known) == "/home/a/.config/rbsync/config.toml"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\nurll = 'x'", "2:1: unknown key `urll`; did you mean `url`?"),
        ("# x\n\n[zzz]\na = 1", "3:1: unknown key `zzz`\n    known here: api_key_command,"),
        ("url = 1", "1:1: `url`: expected text"),
        ("env = 'A'", "1:1: `env`: expected a list of texts"),
        ("roots = ['data']", "1:1: `roots`: `data` is not absolute: begin it with / or ~"),
        ("allow_private_urls = 1", "1:1: `allow_private_urls`: expected true or false"),
        ("api_key_command = []", "1:1: `api_key_command`: expected a command"),
        ("policy = 1", "1:1: `policy`: expected a table, [policy]"),
        ("url = ", "1:7: this is no TOML: Invalid value"),
        ("a = 1\na = 2", "2:6: this is no TOML: Cannot overwrite a value"),
        (b"\n\xff", "2:1: it is not UTF-8"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, text: str | bytes, problem: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(UserError) as raised:
        read_config({"XDG_CONFIG_HOME": str(tmp_path)})
    assert str(raised.value).startswith(f"{path}:{problem}")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    config(tmp_path, "url = 1\nevn = []\nroots = 2\n")
    with pytest.raises(UserError) as raised:
        read_config({"XDG_CONFIG_HOME": str(tmp_path)})
    assert [one.location.line for one in raised.value.problems if one.location] == [1, 2, 3]


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "rbsync/config.toml").mkdir(parents=True)
    with pytest.raises(UserError, match="it cannot be read"):
        read_config({"XDG_CONFIG_HOME": str(tmp_path)})
