"""`patron serve`, where it does not start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Patron, complaint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_elsewhere_it_refuses_to_start_without_credentials(host: str, patron: Patron, shop: Path) -> None:
    assert "patron keys create" in complaint(patron("serve", "--host", host))


def test_a_port_that_is_taken_is_told(patron: Patron, shop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in complaint(patron("serve", "--port", port))


def test_without_a_database_it_says_how_to_make_one(patron: Patron) -> None:
    assert "patron init" in complaint(patron("serve"))
