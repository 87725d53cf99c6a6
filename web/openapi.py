"""Writes the API's OpenAPI document to standard output, for the dashboard's client to be made from."""

import json
import sys
import tempfile
from pathlib import Path

from patron.api import create_app
from patron.api.context import opened
from patron.engines import connect
from patron.settings import Settings

with tempfile.TemporaryDirectory() as folder:
    url = str(Path(folder) / "empty.duckdb")
    with connect(url, Settings(), create=True) as engine:
        engine.init()
    with opened(url, Settings()) as context:
        json.dump(create_app(context).openapi(), sys.stdout, indent=1)
