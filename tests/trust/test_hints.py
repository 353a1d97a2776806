"""What a problem says to write, written there, makes the manifest work."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hints.following import follows
from tests.scenarios.offline_service import Served, served
from tests.scenarios.project import Ran
from tests.service.serving import KEY
from tests.trust.attacks import IDS, PICTURES
from tests.trust.site import CANARIES, Site


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service") as one:
        yield one


def configure(site: Site, line: str) -> None:
    """Writes a line into the user's configuration, where the hints say that it is."""
    path = Path(site.environment["XDG_CONFIG_HOME"]) / "rbsync" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n")


def quoted(ran: Ran, site: Site) -> str:
    """The line that a hint says belongs in the configuration, whose path it names."""
    found = re.search(r"`([^`]*)`(?: under \[policy\])? in (\S+?config\.toml)", ran.err)
    assert found, ran.err
    assert found[2] == site.environment["XDG_CONFIG_HOME"] + "/rbsync/config.toml"
    return found[1]


# Run as its users run it, so that the hint is given in another process.
@follows("if it is your own command, write `", elsewhere=True)
def test_a_command_that_moved(site: Site, service: Served) -> None:
    words = [sys.executable, "-c", f"print('{KEY}')"]
    command = ", ".join(f'"{one}"' for one in words)
    backend = f"{{kind: redbrick, url: {service.url}, {IDS}, api_key_command: [{command}]}}"
    site.manifest(f"backend: {backend}\n{PICTURES}")
    site.environment["RBSYNC_API_KEY"] = ""
    refused = site.run("plan")
    assert refused.code == 65
    assert refused.err.startswith("rbsync.yaml:2:")
    line = quoted(refused, site)
    variable = re.search(r"RBSYNC_API_KEY_COMMAND=(.*); then remove it here", refused.err)
    assert variable
    site.manifest(f"backend: {{kind: redbrick, url: {service.url}, {IDS}}}\n{PICTURES}")
    assert site.run("plan").code == 7
    (value,) = shlex.split(variable[1])
    assert site.run("plan", RBSYNC_API_KEY_COMMAND=value).code == 0
    configure(site, line)
    assert site.run("plan").code == 0


def test_a_profile_may_have_the_command(site: Site, service: Served) -> None:
    command = shlex.join([sys.executable, "-c", f"print('{KEY}')"])
    file = Path(site.environment["HOME"]) / ".redbrickai/credentials"
    file.write_text(f"[mine]\nurl = {service.url}\napi_key_command = {command}\n")
    site.manifest(f"backend: {{kind: redbrick, {IDS}}}\n{PICTURES}")
    assert site.run("plan", "--profile", "mine").code == 0


def test_a_service_of_ones_own_that_is_no_address(site: Site, service: Served) -> None:
    site.manifest(f"backend: {{kind: redbrick, url: '{service.url}', {IDS}}}\n{PICTURES}")
    with_user = service.url.replace("://", "://ann:secret@")
    refused = site.run("doctor", "--url", with_user)
    assert refused.code == 65
    assert "the URL that is said outside of the manifest: `" in refused.err
    assert refused.err.count("cannot be used: it has a user name in it") == 1
    assert "secret" not in refused.out + refused.err
    site.environment["RBSYNC_API_KEY"] = KEY
    assert site.run("plan", "--url", service.url).code == 0


def test_a_service_of_ones_own(site: Site) -> None:
    url = f"https://evil.example:{site.ears.secure}"
    site.manifest(f"backend: {{kind: redbrick, url: '{url}', {IDS}}}\n{PICTURES}")
    refused = site.run("plan")
    assert refused.code == 65
    assert "is for api.redbrickai.com, and the manifest names evil.example\n" in refused.err
    assert site.ears.heard.is_silent
    line = quoted(refused, site)
    for given in (["--url", url], []):
        configure(site, "" if given else line)
        site.run("plan", *given)
        assert site.ears.heard.requests
        site.ears.heard.forget()
    configure(site, "")
    site.run("plan", RBSYNC_URL=url)
    assert site.ears.heard.requests


def test_a_variable(site: Site) -> None:
    site.manifest("datapoints: [{name: '${HARMLESS}', items: [images/a.png]}]\n")
    refused = site.run("expand")
    assert refused.code == 65
    assert re.search(r"rbsync.yaml:\d+:\d+: a manifest may not read .* `HARMLESS`", refused.err)
    value = CANARIES["HARMLESS"]
    assert site.run("expand", "--env", "HARMLESS").out == f"{value}\n"
    assert site.run("--env", "HARMLESS", "expand").out == f"{value}\n"
    assert site.run("expand", RBSYNC_ENV="OTHER,HARMLESS").out == f"{value}\n"
    configure(site, quoted(refused, site))
    assert site.run("expand").out == f"{value}\n"
    site.manifest("datapoints: [{name: '${RBSYNC_VAR_HARMLESS}', items: [images/a.png]}]\n")
    assert site.run("expand", RBSYNC_VAR_HARMLESS="b").out == "b\n"


@pytest.mark.parametrize("name", ["RBSYNC_API_KEY", "AWS_SECRET_ACCESS_KEY"])
def test_a_secret_is_never_read_even_where_it_is_allowed(site: Site, name: str) -> None:
    site.manifest(f"datapoints: [{{name: '${{{name}}}', items: [images/a.png]}}]\n")
    refused = site.run("expand", "--env", name)
    assert refused.code == 65
    assert f"`{name}` holds a secret, which no manifest may read" in refused.err
    assert site.leaks(refused) == []


def test_a_root(site: Site) -> None:
    (site.outside / "secret.png").write_bytes((site.project.folder / "images/a.png").read_bytes())
    entry = "{name: a, items: [../../outside/secret.png]}"
    site.manifest(f"roots: [../../outside]\ndatapoints: [{entry}]\n")
    refused = site.run("expand")
    assert refused.code == 65
    assert re.search(r"rbsync.yaml:2:\d+: the root `../../outside` lies outside", refused.err)
    assert site.run("expand", "--root", "../../outside").out == "a\n"
    assert site.run("expand", RBSYNC_ROOTS=f"/nowhere:{site.outside}").out == "a\n"
    assert site.run("expand", RBSYNC_ROOTS=str(site.folder)).out == "a\n"
    configure(site, quoted(refused, site))
    assert site.run("expand").out == "a\n"
    configure(site, "")
    assert site.run("expand").code == 65


def test_a_root_within_the_repository_needs_no_word(site: Site) -> None:
    shared = site.repository / "shared"
    shared.mkdir()
    (shared / "b.png").write_bytes((site.project.folder / "images/a.png").read_bytes())
    site.manifest("roots: [../shared]\ndatapoints: [{name: b, items: [../shared/b.png]}]\n")
    assert site.run("expand").out == "b\n"


def test_the_whole_file_system_is_no_root_whoever_allows_it(site: Site) -> None:
    site.manifest(f"roots: [/]\n{PICTURES}")
    refused = site.run("expand", "--root", "/", RBSYNC_ROOTS="/")
    assert refused.code == 65
    assert "the whole file system is no root" in refused.err


def test_an_item_on_the_lan(site: Site) -> None:
    site.manifest("datapoints: [{name: a, storage: public, items: ['http://10.0.0.7/a.png']}]\n")
    refused = site.run("plan")
    assert refused.code == 65
    assert "`http://10.0.0.7/a.png` is at a private address" in refused.err
    assert site.run("plan", "--allow-private-urls").code == 0
    assert site.run("plan", RBSYNC_ALLOW_PRIVATE_URLS="1").code == 0
    line = quoted(refused, site)
    configure(site, line)
    assert site.run("apply", "--yes").code == 0
    assert site.run("plan").last_line.startswith("No changes.")
    # What was remembered while it was allowed counts no more when it is not.
    configure(site, "")
    assert site.run("plan").code == 65


def test_the_storage_of_urls_called_by_its_id_is_the_same(site: Site) -> None:
    storage = "11111111-1111-1111-1111-111111111111"
    site.manifest(
        f"storages: {{mine: {storage}}}\n"
        "datapoints:\n"
        f"  - {{name: a, storage: {storage}, items: ['http://127.1/a.png']}}\n"
        "  - {name: b, storage: mine, items: ['http://127.1/b.png']}\n"
    )
    refused = site.run("plan")
    assert refused.err.count("is at a loopback address") == 2


@pytest.mark.parametrize(("key", "value"), [("on_change", "replace"), ("stamp", "false")])
def test_a_policy(site: Site, key: str, value: str) -> None:
    site.manifest(f"policy: {{{key}: {value}}}\n{PICTURES}")
    refused = site.run("plan")
    assert refused.code == 65
    assert re.search(rf"rbsync.yaml:2:\d+: a manifest may not choose `{key}: {value}`", refused.err)
    assert site.run("plan", "--policy", f"{key}={value}").code == 0
    assert site.run("plan", RBSYNC_POLICY=f"{key}={value}").code == 0
    configure(site, f"[policy]\n{quoted(refused, site)}")
    assert site.run("plan").code == 0
