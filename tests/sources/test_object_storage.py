"""Files in object storage: an S3 of its own on loopback, read through the extra as a user's bucket is."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from patron.engines import Engine
from patron.errors import SourceError
from patron.sources.load import load
from patron.sources.mapping.model import parse_mapping
from tests.sources.files import keys

MAPPING = "[customer_info]\nfrom = 'people-*.csv'\n[customer_info.columns]\ncustomer_id = 'id'\n"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket with a shop's files."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    files.mkdir("shop")
    for path, text in {
        "layout/customer_info.csv": "customer_id\n1\n2\n",
        "layout/parts/purchase_transactions-1.csv": "transaction_id,customer_id,purchase_date,total_amount\n"
        "1,1,2024-01-01,5\n2,9,2024-01-01,5\n",
        "mapped/people-1.csv": "id\n3\n",
        "mapped/people-2.csv": "id\nx\n",
    }.items():
        files.pipe(f"shop/{path}", text.encode())
    yield "s3://shop"
    files.rm("shop", recursive=True)


def test_a_folder_of_a_bucket_in_the_contract_layout(bucket: str, memory: Engine) -> None:
    report = load(memory, f"{bucket}/layout")
    assert (report.inserted, report.quarantined) == (3, 1)
    assert [file.name for file in report.files] == ["customer_info.csv", "parts/purchase_transactions-1.csv"]
    assert load(memory, f"{bucket}/layout").unchanged == 3


def test_two_folders_of_a_bucket_are_one_load(bucket: str, memory: Engine) -> None:
    load(memory, [f"{bucket}/layout/customer_info.csv", f"{bucket}/layout/parts"])
    assert keys(memory, "purchase_transactions") == [1]


def test_a_folder_of_a_bucket_is_loaded_by_a_mapping(bucket: str, memory: Engine) -> None:
    report = load(memory, f"{bucket}/mapped", mapping=parse_mapping(MAPPING))
    assert (report.inserted, report.quarantined, report.source) == (1, 1, "s3://shop/mapped")
    assert [file.name for file in report.files] == ["people-1.csv", "people-2.csv"]
    assert keys(memory, "customer_info") == [3]


def test_what_is_not_in_a_bucket_is_told_in_a_sentence(bucket: str, memory: Engine) -> None:
    with pytest.raises(SourceError, match="There is no data file at s3://shop/nowhere"):
        load(memory, f"{bucket}/nowhere", mapping=parse_mapping(MAPPING))
    with pytest.raises(SourceError, match="s3://nobodys"):
        load(memory, "s3://nobodys/shop", mapping=parse_mapping(MAPPING))
