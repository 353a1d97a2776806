"""An answer comes in one packet, and large ones come whole."""

from __future__ import annotations

import json
import os
import socket
from urllib.parse import urlsplit

import requests

from tests.service import documents
from tests.service.serving import KEY, Client, packed


def test_head_and_body_of_an_answer_come_together(client: Client) -> None:
    body = packed({"query": documents.text("me")})
    port = urlsplit(client.url).port
    head = (
        f"POST /graphql/ HTTP/1.1\r\nHost: localhost:{port}\r\nApiKey: {KEY}\r\n"
        f"Content-Encoding-RB: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(3):
            connection.sendall(head.encode() + body)
            told, _, content = connection.recv(1 << 16).partition(b"\r\n\r\n")
            assert told.startswith(b"HTTP/1.1 200 OK")
            assert "data" in json.loads(content)


def test_a_large_file_is_given_back_whole(client: Client) -> None:
    data = b"\x89PNG\r\n\x1a\n" + os.urandom(5 << 20)
    path = client.upload(data)
    storage = "22222222-2222-2222-2222-222222222222"
    (url,) = client.ask("presignItems", storageId=storage, items=[path])
    assert requests.get(url, timeout=20).content == data
