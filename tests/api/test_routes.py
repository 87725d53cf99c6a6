"""Every route by every role and by nobody."""

from __future__ import annotations

import pytest

from patron.api.context import Context
from patron.engines.duckdb.serving import DuckDBServing
from patron.metrics import registry
from tests.api.conftest import Clients, problem

API = "/api/v1"
ROLES = ("nobody", "viewer", "analyst", "admin")
# Each route with the least role that it takes; None takes anybody.
ROUTES: dict[str, tuple[str, str | None]] = {
    **{f"GET {API}/metrics/{name}": (f"{API}/metrics/{name}", "viewer") for name in registry()},
    f"GET {API}/metrics": (f"{API}/metrics", "viewer"),
    f"GET {API}/dashboard": (f"{API}/dashboard", "viewer"),
    f"GET {API}/filters": (f"{API}/filters", "viewer"),
    f"GET {API}/customers": (f"{API}/customers", "viewer"),
    f"GET {API}/counts/customers": (f"{API}/counts/customers", "viewer"),
    f"GET {API}/search/customers": (f"{API}/search/customers?q=an", "viewer"),
    f"GET {API}/exports/customers": (f"{API}/exports/customers", "analyst"),
    f"GET {API}/customers/{{customer_id}}": (f"{API}/customers/1", "viewer"),
    f"GET {API}/customers/{{customer_id}}/timeline": (f"{API}/customers/1/timeline", "viewer"),
    f"GET {API}/customers/{{customer_id}}/spend": (f"{API}/customers/1/spend", "viewer"),
    f"GET {API}/customers/{{customer_id}}/why/{{column}}": (f"{API}/customers/1/why/recency_score", "viewer"),
    f"GET {API}/dictionary": (f"{API}/dictionary", "viewer"),
    f"GET {API}/dictionary/{{table}}": (f"{API}/dictionary/customer_360", "viewer"),
    f"GET {API}/dictionary/{{table}}/{{column}}": (f"{API}/dictionary/customer_360/email", "viewer"),
    f"GET {API}/status": (f"{API}/status", "viewer"),
    f"GET {API}/loads": (f"{API}/loads", "viewer"),
    f"GET {API}/quarantine": (f"{API}/quarantine", "viewer"),
    f"GET {API}/quarantine/rows": (f"{API}/quarantine/rows", "analyst"),
    f"GET {API}/builds": (f"{API}/builds", "viewer"),
    f"GET {API}/builds/{{build_id}}": (f"{API}/builds/1", "viewer"),
    f"GET {API}/builds/progress": (f"{API}/builds/progress", "viewer"),
    f"GET {API}/builds/progress/events": (f"{API}/builds/progress/events", "viewer"),
    f"POST {API}/builds": (f"{API}/builds", "admin"),
    f"GET {API}/audit": (f"{API}/audit", "admin"),
    f"POST {API}/backup": (f"{API}/backup", "admin"),
    "GET /health/live": ("/health/live", None),
    "GET /health/ready": ("/health/ready", None),
    "GET /metrics": ("/metrics", "viewer"),
}
UNTIL_ASKED = ("/builds/progress", "/builds/progress/events")  # 404 before the first build of this server


def test_the_table_has_every_route(clients: Clients) -> None:
    paths = clients["nobody"].get(f"{API}/openapi.json").json()["paths"]
    there = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert there == set(ROUTES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", ROUTES)
def test_each_role_may_do_what_it_may(route: str, role: str, clients: Clients, context: Context) -> None:
    path, least = ROUTES[route]
    method = route.partition(" ")[0]
    # The body is one that no admin's build comes of: what is tested is who may ask.
    response = clients[role].request(method, path, json={"as_of": "no day"} if method == "POST" else None)
    if least is None or ROLES.index(role) >= ROLES.index(least):
        wanted = 200
        if path.endswith("/builds") and method == "POST":
            wanted = 422
        elif path.endswith(UNTIL_ASKED) and context.builder.job is None:
            wanted = 404
        elif path.endswith("/backup") and not isinstance(context.serving, DuckDBServing):
            wanted = 409
            assert "backup made" not in {entry.action for entry in context.access.entries(50)}
        assert response.status_code == wanted, response.text
    elif role == "nobody":
        assert problem(response, 401)["type"] == "urn:patron:problem:unauthorized"
        assert response.headers["www-authenticate"] == "Bearer"
    else:
        assert least in problem(response, 403)["detail"]


def test_unknown_addresses_and_methods_are_problems(clients: Clients) -> None:
    for client in clients.values():
        problem(client.get(f"{API}/nothing"), 404)
        problem(client.get("/nothing.html"), 404)
        assert "GET" in client.put(f"{API}/customers").headers["allow"]
        problem(client.put(f"{API}/customers"), 405)


def test_every_answer_has_the_security_headers(clients: Clients) -> None:
    for path in ("/health/live", "/nothing", f"{API}/dashboard"):
        headers = clients["viewer"].get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
        assert len(headers["x-request-id"]) >= 8


def test_a_request_keeps_a_sound_id_and_gets_another_for_an_odd_one(clients: Clients) -> None:
    get = clients["viewer"].get
    assert (
        get("/health/live", headers={"X-Request-Id": "abc-123.XYZ"}).headers["x-request-id"] == "abc-123.XYZ"
    )
    assert get("/health/live", headers={"X-Request-Id": 'a"b c' * 9}).headers["x-request-id"] != 'a"b c' * 9


def test_who_scrapes_learns_of_builds_by_others(clients: Clients, context: Context) -> None:
    latest = clients["viewer"].get(f"{API}/status").json()["build_id"]
    context.meters.build_id.set(0)
    context.look_again()
    assert f"\npatron_build_id {latest}.0\n" in clients["viewer"].get("/metrics").text
