"""A process that applies 120 datapoints until it is killed, and tells when it creates some.

python -m tests.applier.kill_me FOLDER
"""

from __future__ import annotations

import sys

from rbsync.model.datapoint import Datapoint
from tests.applier.faulty import Fault, Faulty
from tests.applier.site import Site, by_url, datapoint, sqlite_site

NUMBER = 120
SLOW = {"upload": 0.002, "create": 0.01, "update": 0.005, "delete": 0.02}
"""Seconds that calls take, so that a kill finds many moments of a run."""


def desired(site: Site) -> list[Datapoint]:
    """Files (two of a content), frames and URLs."""
    files = [site.file(f"file-{number:03}", b"%d" % (number // 2)) for number in range(60)]
    frames = [site.write(f"frames/{number}.png", b"frame %d" % number) for number in range(40)]
    series = [datapoint(f"series-{at:02}", frames[at : at + 4]) for at in range(0, 40, 2)]
    return [*files, *series, *(by_url(f"url-{number:02}") for number in range(40))]


def slow(method: str, _: tuple[str, ...]) -> Fault:
    return Fault(seconds=SLOW.get(method, 0.0))


def tell(method: str, _: tuple[str, ...]) -> None:
    if method == "create":
        print(method, flush=True)


def main(folder: str) -> None:
    site = sqlite_site(folder)
    wanted = desired(site)
    print("ready", flush=True)
    site.run(wanted, Faulty(site.project, slow, watch=tell, batch=5), jobs=3)


if __name__ == "__main__":
    main(sys.argv[1])
