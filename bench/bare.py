"""Owns the server that the sidecar's port is compared with: aiohttp, one handler, bytes that never change.

`python -m bench.bare PORT` reads from standard input, as JSON, the headers and the body that it is to answer.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web


async def serve(port: int, headers: dict[str, str], body: bytes) -> None:
    """Answer every request alike, until the process is ended."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, headers=headers)

    server = await asyncio.get_running_loop().create_server(web.Server(handle, access_log=None), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    asyncio.run(serve(int(sys.argv[1]), asked["headers"], asked["body"].encode()))
