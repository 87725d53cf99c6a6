"""What a database's URL may be, and what is shown of it."""

from __future__ import annotations

import pytest

from patron.engines.address import address, shown
from patron.errors import DatabaseError

HIDDEN = "5ecret"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("shop.duckdb", "shop.duckdb"),
        ("duckdb:///srv/shop.duckdb", "/srv/shop.duckdb"),
        ("./a:b.duckdb", "./a:b.duckdb"),
        ("~/shop.duckdb", "/home/ann/shop.duckdb"),
        (":memory:", ":memory:"),
    ],
)
def test_a_path_is_a_duckdb_file(url: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert (address(url).engine, address(url).target) == ("duckdb", target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "duckdb://",
        "duckdb:shop.duckdb",
        "postgres:shop",
        "md:shop",
        ":memory:shop",
        "s3://bucket/shop.duckdb",
        f"s3://ann:{HIDDEN}@bucket/shop.duckdb",
        f"host=db user=ann password={HIDDEN}",
        f"postgresql:/ann:{HIDDEN}@host/shop",
        f"postgresql//ann:{HIDDEN}@host/shop",
        f"postgresql://ann:{HIDDEN}@[::1/shop",
        f"postgresql://ann:p@{HIDDEN}@host:5432/shop",
        f"postgresql://ann:p/{HIDDEN}@host/shop",
        f"postgresql://ann:p/w?{HIDDEN}=x@host/shop",
        f"postgresql://ann:%zz{HIDDEN}@host/shop",
        f"postgresql://ann:{HIDDEN}@host:none/shop",
        f"postgresql://ann:{HIDDEN}@host/shop?sslmod=require",
    ],
)
def test_what_would_be_read_otherwise_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseError) as told:
        address(url)
    assert "\n" not in str(told.value)
    assert "postgresql://user" in str(told.value) or "Did you mean 'sslmode'?" in str(told.value)
    assert HIDDEN not in str(told.value) + repr(told.value.__cause__) + shown(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"postgresql://ann:{HIDDEN}@db.test:5433/shop", "postgresql://ann@db.test:5433/shop"),
        (f"postgres://ann:{HIDDEN}%40%3A@db.test/shop", "postgresql://ann@db.test/shop"),
        (f"postgresql://ann:?{HIDDEN}#@db.test/shop", "postgresql://ann@db.test/shop"),
        (
            f"postgresql://db.test/shop?user=ann&password={HIDDEN}&sslpassword={HIDDEN}",
            "postgresql://ann@db.test/shop",
        ),
        (f"postgresql://ann:{HIDDEN}@one:1,two:2/shop", "postgresql://ann@one:1,two:2/shop"),
        (f"postgresql://ann:{HIDDEN}@[::1]:5432/a%20b", "postgresql://ann@[::1]:5432/a%20b"),
        (f"postgresql://ann:{HIDDEN}@/shop?host=/run/pg", "postgresql://ann@/shop?host=/run/pg"),
    ],
)
def test_a_server_is_shown_by_its_parts(url: str, expected: str) -> None:
    where = address(url)
    assert (where.engine, where.target, where.shown, where.has_secret) == ("postgres", url, expected, True)
    assert not address(expected).has_secret
    assert address(expected).shown == expected
