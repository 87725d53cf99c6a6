"""The least that FastAPI can do: one route that returns the bytes of a file."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response


def create_app(body: bytes, *, zipped: bool) -> FastAPI:
    """Return an application whose one route returns `body`."""
    app = FastAPI(openapi_url=None)
    headers = {"Content-Encoding": "gzip"} if zipped else {}

    @app.get("/")
    async def get() -> Response:
        return Response(body, headers=headers, media_type="application/json")

    return app


if __name__ == "__main__":
    file, coding, port = sys.argv[1:]
    app = create_app(Path(file).read_bytes(), zipped=coding == "gzip")
    uvicorn.run(
        app, port=int(port), http="httptools", ws="none", lifespan="off", log_config=None, access_log=False
    )
