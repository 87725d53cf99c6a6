"""`patron keys`, as its user meets it."""

from __future__ import annotations

import stat
from pathlib import Path

from patron.access import access_store
from tests.cli.conftest import Patron, complaint, document


def test_a_key_is_made_shown_once_listed_and_revoked(patron: Patron, shop: Path) -> None:
    made = document(
        patron("keys", "create", "--role", "analyst", "--name", "reports", "--expires", "90d", "--json")
    )
    assert made["key"].startswith(f"patron_{made['key_id']}_")
    (listed,) = document(patron("keys", "list", "--json"))
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert listed["state"] == "active"
    shown = patron("keys", "list").stdout
    assert "reports" in shown
    assert made["key"] not in shown
    assert document(patron("keys", "revoke", made["key_id"], "--json")) == {"revoked": made["key_id"]}
    assert document(patron("keys", "list", "--json"))[0]["state"] == "revoked"
    with access_store(str(shop)) as store:
        assert [one.action for one in store.entries(10)] == ["key revoked", "key created"]


def test_keys_stand_beside_the_file_for_its_owner_alone(patron: Patron, shop: Path) -> None:
    patron("keys", "create", "--role", "viewer")
    kept = shop.with_name(f"{shop.name}.access")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_makes_no_sense_is_told(patron: Patron, shop: Path) -> None:
    assert "--role" in complaint(patron("keys", "create"))
    assert "90d" in complaint(patron("keys", "create", "--role", "viewer", "--expires", "soon"))
    assert "over" in complaint(patron("keys", "create", "--role", "viewer", "--expires", "2020-01-01"))
    assert "keys list" in complaint(patron("keys", "revoke"))
    assert "no key 'abc'" in complaint(patron("keys", "revoke", "abc"))
    assert "no keys" in patron("keys", "list").stdout
