"""The application of the page: its addresses, and what each answers."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from rbsync.browse.doors import Doors
from rbsync.browse.filling import Filling
from rbsync.browse.sights import Looker, Sight
from rbsync.browse.table import Asked, Table
from rbsync.browse.thumbnails import Thumbnails
from rbsync.errors import RbsyncError
from rbsync.service.access import HostCheck

_MOST = 200
_NOT_FOUND, _BAD, _NOT_CHANGED, _FAILED, _NOTHING = 404, 400, 304, 502, 204
_SECONDS = 1.0
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


class PageServer:
    """Answers what the page asks; ``files`` are the page's own, by name."""

    def __init__(
        self,
        table: Table,
        filling: Filling,
        looker: Looker,
        thumbnails: Thumbnails,
        files: Mapping[str, str],
    ) -> None:
        self._table, self._filling, self._looker = table, filling, looker
        self._thumbnails, self._files = thumbnails, files

    def app(self, token: str, names: Iterable[str] = ()) -> ASGIApp:
        """The ASGI application; ``names`` are more hosts that it may be addressed by."""
        routes = [
            Route("/", self._file),
            Route("/page/{name}", self._file),
            Route("/rows", self._rows),
            Route("/counts", self._counts),
            Route("/thumbnail", self._thumbnail),
            Route("/datapoint", self._datapoint),
            Route("/scan", self._scan),
            Route("/version", self._version),
            Route("/part", self._part),
            Route("/events", self._events),
        ]
        return HostCheck(Doors(Starlette(routes=routes), token), names)

    def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "browse.html")
        if name not in self._files:
            return PlainTextResponse("there is nothing here\n", _NOT_FOUND)
        return Response(self._files[name], media_type=_TYPES[name.rpartition(".")[2]])

    def _rows(self, request: Request) -> Response:
        try:
            asked = _asked(request.query_params)
        except ValueError:
            return PlainTextResponse("these numbers are none\n", _BAD)
        total, rows = self._table.rows(asked)
        return JSONResponse({"total": total, "rows": [one._asdict() for one in rows]})

    def _counts(self, _: Request) -> Response:
        filling = self._filling
        filling.begin()
        known = {"is_planned": filling.is_planned, "is_done": filling.is_done, "why": filling.why}
        return JSONResponse({**self._table.counts(), **known})

    def _sight(self, request: Request) -> Sight | None:
        return self._looker.sight(request.query_params.get("name", ""))

    def _datapoint(self, request: Request) -> Response:
        try:
            sight = self._sight(request)
            return JSONResponse(self._looker.facts(sight)) if sight else _gone()
        # A service that is away: the page says so, and the next click asks again.
        except RbsyncError as error:
            return JSONResponse({"error": str(error)}, _FAILED)

    def _scan(self, request: Request) -> Response:
        sight = self._sight(request)
        data = self._looker.scan(sight) if sight else None
        return Response(data, media_type="application/octet-stream") if data else _no_picture()

    def _version(self, request: Request) -> Response:
        at = request.query_params.get("at", "")
        sight = self._sight(request)
        return JSONResponse(self._looker.version(sight, at)) if sight else _gone()

    def _part(self, request: Request) -> Response:
        """A part of a picture, as `part_view` makes it."""
        given = request.query_params
        try:
            left, top, width, height = map(float, given.get("part", "").split(","))
        except ValueError:
            return PlainTextResponse("these numbers are none\n", _BAD)
        part = (_within(left), _within(top), _within(width), _within(height))
        sight = self._sight(request)
        title, at = given.get("title", ""), given.get("at", "")
        found = self._looker.part(sight, title, part, at) if sight else None
        return JSONResponse(found) if found else _no_picture()

    def _thumbnail(self, request: Request) -> Response:
        sight = self._sight(request)
        if sight is None:
            return _gone()
        tag = f'"{self._thumbnails.tag(sight)}"'
        # It is asked again each time, since the labels of a name change; the answer is short.
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=_NOT_CHANGED, headers=headers)
        data = self._thumbnails.read(sight)
        return Response(data, media_type="image/jpeg", headers=headers) if data else _no_picture()

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(self._told(request), media_type="text/event-stream")

    async def _told(self, request: Request) -> AsyncIterator[str]:
        """The counts and the run at work, each time that something of them changes."""
        last = ""
        while not await request.is_disconnected():
            try:
                found: dict[str, Any] = await run_in_threadpool(self._filling.follow)
            except RbsyncError as error:
                found = {"error": str(error)}
            text = json.dumps(found)
            if text != last or found.get("number"):
                yield f"data: {text}\n\n"
            last = text
            await anyio.sleep(_SECONDS)


def _asked(given: Mapping[str, str]) -> Asked:
    """Raises ValueError for numbers that are none."""
    least, largest = (int(given[key]) if given.get(key) else None for key in ("least", "largest"))
    return Asked(
        words=given.get("words", ""),
        status=given.get("status", ""),
        folder=given.get("folder", ""),
        category=given.get("category", ""),
        order=given.get("order", ""),
        at=max(0, int(given.get("at", 0))),
        most=min(max(0, int(given.get("most", 100))), _MOST),
        least=least,
        largest=largest,
    )


def _within(part: float) -> float:
    """A fraction between 0 and 1; 0 for what is no number."""
    return min(max(part, 0.0), 1.0) if math.isfinite(part) else 0.0


def _no_picture() -> Response:
    # Of many datapoints nothing can be drawn, and a browser tells of each 404 as of an error.
    return Response(status_code=_NOTHING)


def _gone() -> Response:
    return PlainTextResponse("there is no such datapoint\n", _NOT_FOUND)
