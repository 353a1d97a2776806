#!/usr/bin/env python3
"""What a job says to GitHub or GitLab, and asks of it. Needs Python alone.

    forge.py comment PAGE      puts a page on the pull request, in place of the one before
    forge.py reviewed          prints the digest of the plan on the merged pull request
    forge.py verdict PLAN      exits as `apply` will, by the JSON of a plan
    forge.py open BRANCH TITLE opens a pull request, unless one is open

The token is in FORGE_TOKEN; all else is in the variables that the forge gives to its jobs.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.parse
import urllib.request
from typing import Any

MARKER = "<!-- rbsync-plan "
DIGEST = re.compile(r"<!-- plan (sha256:[0-9a-f]{64})")
PAGE = 100


class Forge:
    """Asks a forge's API below an address."""

    header = "Authorization"
    prefix = "Bearer "

    def __init__(self, base: str) -> None:
        self.base = base

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Returns the answer. Raises urllib.error.HTTPError."""
        headers = {self.header: self.prefix + os.environ["FORGE_TOKEN"]}
        data = None if body is None else json.dumps(body).encode()
        headers |= {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def all(self, path: str) -> list[dict[str, Any]]:
        """Returns all of a list, page by page."""
        found: list[dict[str, Any]] = []
        joint = "&" if "?" in path else "?"
        for page in range(1, 1000):
            some = self.ask("GET", f"{path}{joint}per_page={PAGE}&page={page}")
            found += some
            if len(some) < PAGE:
                break
        return found


class GitHub(Forge):
    """GitHub, by the variables of an action."""

    def __init__(self) -> None:
        repository = os.environ["GITHUB_REPOSITORY"]
        super().__init__(f"{os.environ['GITHUB_API_URL']}/repos/{repository}")

    def request(self) -> int:
        with open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8") as file:
            return int(json.load(file)["pull_request"]["number"])

    def merged(self) -> list[int]:
        found = self.all(f"/commits/{os.environ['GITHUB_SHA']}/pulls")
        return [one["number"] for one in found if one.get("merged_at")]

    def comments(self, number: int) -> list[tuple[int, str]]:
        # Anybody may write a comment that looks like ours; only a job is a bot.
        found = self.all(f"/issues/{number}/comments")
        return [(one["id"], one["body"]) for one in found if one["user"]["type"] == "Bot"]

    def write(self, number: int, text: str, over: int | None) -> None:
        if over is None:
            self.ask("POST", f"/issues/{number}/comments", {"body": text})
        else:
            self.ask("PATCH", f"/issues/comments/{over}", {"body": text})

    def open(self, branch: str, title: str) -> None:
        owner = os.environ["GITHUB_REPOSITORY"].partition("/")[0]
        head = urllib.parse.quote(f"{owner}:{branch}")
        if not self.ask("GET", f"/pulls?state=open&head={head}"):
            base = os.environ["GITHUB_REF_NAME"]
            self.ask("POST", "/pulls", {"head": branch, "base": base, "title": title})


class GitLab(Forge):
    """GitLab, by the variables of a job."""

    header = "PRIVATE-TOKEN"
    prefix = ""

    def __init__(self) -> None:
        self.api = Forge(os.environ["CI_API_V4_URL"])
        self.api.header, self.api.prefix = self.header, self.prefix
        super().__init__(f"{self.api.base}/projects/{os.environ['CI_PROJECT_ID']}")

    def request(self) -> int:
        return int(os.environ["CI_MERGE_REQUEST_IID"])

    def merged(self) -> list[int]:
        commit = os.environ["CI_COMMIT_SHA"]
        found = self.all(f"/repository/commits/{commit}/merge_requests")
        return [one["iid"] for one in found if one["state"] == "merged"]

    def comments(self, number: int) -> list[tuple[int, str]]:
        # Anybody may write a note that looks like ours.
        own = self.api.ask("GET", "/user")["id"]
        found = self.all(f"/merge_requests/{number}/notes?sort=asc")
        return [(one["id"], one["body"]) for one in found if one["author"]["id"] == own]

    def write(self, number: int, text: str, over: int | None) -> None:
        path = f"/merge_requests/{number}/notes"
        if over is None:
            self.ask("POST", path, {"body": text})
        else:
            self.ask("PUT", f"{path}/{over}", {"body": text})

    def open(self, branch: str, title: str) -> None:
        source = urllib.parse.quote(branch, safe="")
        if not self.ask("GET", f"/merge_requests?state=opened&source_branch={source}"):
            target = os.environ["CI_DEFAULT_BRANCH"]
            body = {"source_branch": branch, "target_branch": target, "title": title}
            self.ask("POST", "/merge_requests", body)


def comment(forge: GitHub | GitLab, path: str) -> int:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    # The first line says of which manifest the page is: each has a comment of its own.
    marker = text.partition("\n")[0]
    number = forge.request()
    own = [key for key, body in forge.comments(number) if body.startswith(marker)]
    forge.write(number, text, own[0] if own else None)
    return 0


def reviewed(forge: GitHub | GitLab) -> int:
    pages = [body for number in forge.merged() for _, body in forge.comments(number)]
    digests = {found[1] for page in pages if MARKER in page and (found := DIGEST.search(page))}
    if len(digests) != 1:
        told = f"{len(digests)} reviewed plans belong to this commit"
        hint = "apply by hand, with the digest of a plan that you have read"
        print(f"{told}: {hint}", file=sys.stderr)
        return 5
    print(digests.pop())
    return 0


def verdict(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        return int(json.load(file)["apply_exit_code"])


def main(words: list[str]) -> int:
    match words:
        case ["verdict", path]:
            return verdict(path)
        case ["comment", path]:
            return comment(_forge(), path)
        case ["reviewed"]:
            return reviewed(_forge())
        case ["open", branch, title]:
            _forge().open(branch, title)
            return 0
    print(__doc__, file=sys.stderr)
    return 64


def _forge() -> GitHub | GitLab:
    return GitLab() if os.environ.get("GITLAB_CI") else GitHub()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
