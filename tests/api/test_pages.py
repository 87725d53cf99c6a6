"""The dashboard's files, served from the process that answers the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from patron.api import create_app
from patron.api.context import Context
from tests.api.conftest import BASE, problem

PAGE, SCRIPT, SECRET = "<!doctype html><title>Patron</title>", "export {};", "not for the world"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def browser(context: Context, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Somebody without credentials who asks a server that has a page."""
    folder = tmp_path_factory.mktemp("built")
    web = folder / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text(PAGE)
    (web / "assets" / "index-x1.js").write_text(SCRIPT)
    (folder / "secret").write_text(SECRET)
    (web / "link").symlink_to(Path(folder, "secret"))
    with TestClient(create_app(context, hosts=["localhost"], web=web), base_url=BASE) as client:
        yield client


def test_a_file_is_kept_by_browsers_and_the_page_asked_for_each_time(browser: TestClient) -> None:
    script = browser.get("/assets/index-x1.js")
    assert (script.text, script.headers["cache-control"]) == (SCRIPT, "public, max-age=31536000, immutable")
    assert script.headers["content-type"].startswith("text/javascript")
    page = browser.get("/", headers=BROWSER)
    assert (page.text, page.headers["cache-control"]) == (PAGE, "private, no-cache")
    again = browser.get("/", headers={**BROWSER, "If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/index.html", "/customers", "/customers/42", "/customers/a%2Fb", "/a/b/c"])
def test_an_address_within_the_page_is_the_page(path: str, browser: TestClient) -> None:
    assert browser.get(path, headers=BROWSER).text == PAGE


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/none", "/assets/none.js", "/health/none", "/api/v1/metrics/none"]
)
def test_what_is_no_page_and_is_not_there_is_a_problem(path: str, browser: TestClient) -> None:
    problem(browser.get(path, headers=BROWSER), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/..%5csecret",
        "/assets/..%2f..%2fsecret",
        "/assets/%2e%2e/%2e%2e/secret",
        "/link",
        "/%00",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
    ],
)
@pytest.mark.parametrize("headers", [BROWSER, {}], ids=["browser", "program"])
def test_nothing_outside_the_page_is_served(path: str, headers: dict[str, str], browser: TestClient) -> None:
    answer = browser.get(path, headers=headers)
    assert SECRET not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code == 404 or answer.text == PAGE


def test_the_page_takes_no_other_methods(browser: TestClient) -> None:
    assert browser.head("/", headers=BROWSER).status_code == 200
    problem(browser.post("/", content=b"x"), 405)
