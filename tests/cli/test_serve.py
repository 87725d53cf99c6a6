"""`patron serve`, where it does not start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from patron.cli.serve import _listening
from patron.errors import SettingsError
from patron.settings import Server
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


def test_the_demo_takes_a_free_port_where_its_own_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _listening(Server(port=port), any_port=True) as listening:
            assert listening.getsockname()[1] != port
        with pytest.raises(SettingsError, match=str(port)), _listening(Server(port=port), any_port=False):
            pass
