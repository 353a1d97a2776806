"""The application: which address leads where."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rbsync.service.endpoint import Endpoint
from rbsync.service.faults.player import Player
from rbsync.service.guard import HostCheck
from rbsync.service.journal import Journal
from rbsync.service.objects import Objects
from rbsync.service.schema import make_schema
from rbsync.service.service import Service
from rbsync.service.signing import OBJECTS
from rbsync.version import VERSION

GRAPHQL = "/graphql/"


def make_app(service: Service, player: Player) -> Starlette:
    """The ASGI application of a service, with its faults."""
    endpoint = Endpoint(service, make_schema(), player)
    objects = Objects(service, player)

    async def answer_operation(request: Request) -> Response:
        return await endpoint(request)

    async def answer_file(request: Request) -> Response:
        return await objects(request)

    return Starlette(
        routes=[
            Route("/", _answer_root),
            Route(GRAPHQL, answer_operation, methods=["POST"]),
            Route(OBJECTS + "{path:path}", answer_file, methods=["GET", "PUT"]),
        ],
        middleware=[
            Middleware(Journal),
            Middleware(HostCheck, names=service.settings.hosts),
        ],
    )


async def _answer_root(request: Request) -> Response:  # noqa: ARG001  (as Starlette has it)
    return JSONResponse({"service": "rbsync", "version": VERSION, "graphql": GRAPHQL})
