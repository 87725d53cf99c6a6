"""Who is let in: keys, tokens, hosts, sites and rates; and what is noted of them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.testclient import TestClient

from patron.access import Role, new_key
from patron.api.context import Context
from patron.api.limits import Buckets
from patron.api.observing import Observing
from patron.api.oidc import Tokens
from patron.errors import BadToken
from patron.settings import Auth
from tests.api.conftest import Clients, problem

STATUS = "/api/v1/status"
AUDIENCE = "patron"
PROXYS = "X-Goog-IAP-JWT-Assertion"


def ask(client: TestClient, credential: str, scheme: str = "Bearer") -> Any:
    """Ask for the status with a credential."""
    return client.get(STATUS, headers={b"Authorization": f"{scheme} {credential}".encode()})


# -- keys -------------------------------------------------------------------------------------------------


def test_a_key_opens_until_it_is_revoked(clients: Clients, context: Context) -> None:
    key = new_key(Role.VIEWER, "short lived")
    context.access.add(key.key)
    assert ask(clients["nobody"], key.text).json()["role"] == "viewer"
    assert ask(clients["nobody"], key.text, "bearer").status_code == 200
    assert context.access.revoke(key.key.key_id)
    problem(ask(clients["nobody"], key.text), 401)
    assert not context.access.revoke(key.key.key_id)


def test_an_expired_key_is_refused(clients: Clients, context: Context) -> None:
    key = new_key(Role.ADMIN, "old", datetime.now(UTC) - timedelta(seconds=1))
    context.access.add(key.key)
    problem(ask(clients["nobody"], key.text), 401)


def test_what_is_no_key_is_refused_in_the_same_words(clients: Clients, context: Context) -> None:
    key = new_key(Role.ADMIN, "real")
    context.access.add(key.key)
    revoked = new_key(Role.ADMIN, "gone")
    context.access.add(revoked.key)
    context.access.revoke(revoked.key.key_id)
    wrong = key.text[:-1] + ("A" if key.text[-1] != "A" else "B")
    said = set()
    for text in (
        wrong,
        new_key(Role.ADMIN, "").text,
        revoked.text,
        key.text.upper(),
        f"{key.text}x",
        "patron_",
        "x" * 9000,
    ):
        context.strangers = Buckets(1e6, 10**6)
        said.add(problem(ask(clients["nobody"], text), 401)["detail"])
    assert len(said) == 1
    problem(ask(clients["nobody"], key.text, "Basic"), 401)
    problem(ask(clients["nobody"], ""), 401)


def test_secrets_are_not_kept(context: Context) -> None:
    key = new_key(Role.ADMIN, "hashed")
    context.access.add(key.key)
    secret = key.text.rpartition("_")[2]
    assert secret not in repr(context.access.all_keys())
    assert secret not in repr(context.access.execute("SELECT * FROM api_keys"))


# -- rates ------------------------------------------------------------------------------------------------


def test_a_bucket_lets_through_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    buckets = Buckets(rate=2, burst=3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert buckets.take("b") == 0
    now[0] = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]
    now[0] = 100
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]


def test_a_caller_who_asks_too_often_is_told_when_to_come_again(
    clients: Clients, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "buckets", Buckets(0.1, 2))
    assert [clients["viewer"].get(STATUS).status_code for _ in range(3)] == [200, 200, 429]
    told: list[str] = []
    monkeypatch.setattr(Observing, "_tell", lambda _, scope, *__: told.append(scope.get("patron.caller", "")))
    answer = clients["viewer"].get(STATUS)
    problem(answer, 429)
    assert told == [key.key_id for key in context.access.all_keys() if key.name == "the viewer"]
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert clients["analyst"].get(STATUS).status_code == 200


def test_guessing_keys_is_slowed_down(
    clients: Clients, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "strangers", Buckets(0.1, 3))
    statuses = [ask(clients["nobody"], new_key(Role.ADMIN, "").text).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert clients["viewer"].get(STATUS).status_code == 200


# -- hosts and sites --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "[::1", "127.0.0.1@evil.example"]
)
def test_another_host_is_refused(host: str, clients: Clients) -> None:
    problem(clients["admin"].get(STATUS, headers={"Host": host}), 400)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost:8360"])
def test_its_own_host_is_answered(host: str, clients: Clients) -> None:
    assert clients["admin"].get(STATUS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_is_refused(headers: dict[str, str], clients: Clients) -> None:
    problem(clients["admin"].post("/api/v1/builds", json={}, headers=headers), 403)
    problem(clients["admin"].get(STATUS, headers=headers), 403)


def test_its_own_page_and_a_link_from_elsewhere_are_answered(clients: Clients) -> None:
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert clients["admin"].get(STATUS, headers=own).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert clients["admin"].get(STATUS, headers=link).status_code == 200


# -- tokens -----------------------------------------------------------------------------------------------


class Issuer:
    """An issuer of tokens on loopback, with a key pair of its own."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the base class calls
                issuer.asked.append(self.path)
                public = json.loads(RSAAlgorithm.to_jwk(issuer.key.public_key()))
                documents = {
                    "/.well-known/openid-configuration": {"jwks_uri": f"{issuer.url}/keys"},
                    "/keys": {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]},
                }
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(documents[self.path]).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def token(self, key: Any = None, algorithm: str = "RS256", kid: str = "one", **claims: Any) -> str:
        """Return a token that is good but for the given claims, times in seconds from now; None leaves one out."""
        now = int(time.time())
        whole = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "someone",
            "iat": now,
            "exp": now + 300,
            "role": "analyst",
        }
        times = {
            name: now + value
            for name, value in claims.items()
            if name in ("exp", "nbf") and value is not None
        }
        said = {name: value for name, value in {**whole, **claims, **times}.items() if value is not None}
        return jwt.encode(said, self.key if key is None else key, algorithm, headers={"kid": kid})


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """An issuer that runs."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def trusting(
    issuer: Issuer, clients: Clients, context: Context, monkeypatch: pytest.MonkeyPatch
) -> TestClient:
    """A client of a server that trusts the issuer."""
    monkeypatch.setattr(context, "tokens", Tokens(Auth(issuer=issuer.url, audience=AUDIENCE)))
    monkeypatch.setattr(context, "strangers", Buckets(1e6, 10**6))
    return clients["nobody"]


def test_a_good_token_gives_its_role(trusting: TestClient, issuer: Issuer) -> None:
    before = len(issuer.asked)
    for role in Role:
        document = ask(trusting, issuer.token(role=role.value)).json()
        assert (document["role"], document["caller"]) == (role, "someone")
    assert ask(trusting, issuer.token(role=["other", "viewer", "admin"])).json()["role"] == "admin"
    assert len(issuer.asked) - before == 2  # its keys are fetched once


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "http://evil.example"},
        {"exp": -3600},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"nbf": 3600},
        {"role": None},
        {"role": "root"},
        {"role": {"admin": True}},
        {"kid": "two"},
    ],
    ids=str,
)
def test_a_token_that_is_not_good_is_refused(
    claims: dict[str, Any], trusting: TestClient, issuer: Issuer
) -> None:
    problem(ask(trusting, issuer.token(**claims)), 401)


def test_a_forged_token_is_refused(trusting: TestClient, issuer: Issuer) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    public = issuer.key.public_key().public_numbers().n.to_bytes(256, "big")
    good = issuer.token()
    header, body, signature = good.split(".")
    for token in (
        issuer.token(key=stranger),
        issuer.token(key="", algorithm="none"),
        issuer.token(key=public, algorithm="HS256"),
        f"{header}.{body}.",
        f"{header}.{body}.{signature[:-8]}AAAAAAAA",
        f"{header}..{signature}",
        "a.b.c",
        "é.é.é",
        "." * 5000,
    ):
        problem(ask(trusting, token), 401)
    assert ask(trusting, good).status_code == 200


def test_a_nested_claim_may_hold_the_roles(issuer: Issuer) -> None:
    tokens = Tokens(Auth(issuer=issuer.url, audience=AUDIENCE, role_claim="realm_access.roles"))
    assert tokens.check(issuer.token(realm_access={"roles": ["viewer"]})) == ("someone", Role.VIEWER)


def test_addresses_and_groups_are_given_roles(issuer: Issuer) -> None:
    auth = Auth(
        issuer=issuer.url,
        audience=AUDIENCE,
        role_claim="who",
        admins=("ann@shop.example",),
        analysts=("crm",),
    )
    tokens = Tokens(auth)
    for said, role in (("ann@shop.example", Role.ADMIN), (["crm", "staff"], Role.ANALYST)):
        assert tokens.check(issuer.token(who=said)) == ("someone", role)
    for other in (
        "admin",
        ["viewer", "analyst"],
        "ann@shop.example.evil.example",
        "crm, staff",
        None,
        [["crm"]],
    ):
        with pytest.raises(BadToken, match="no role"):
            tokens.check(issuer.token(who=other))


def test_whoever_has_no_role_may_be_given_one(issuer: Issuer) -> None:
    auth = Auth(
        issuer=issuer.url,
        audience=AUDIENCE,
        role_claim="email",
        admins=("a@b",),
        default_role="viewer",
    )
    assert Tokens(auth).check(issuer.token(email="c@d"))[1] is Role.VIEWER
    assert Tokens(auth).check(issuer.token(email="a@b"))[1] is Role.ADMIN
    with pytest.raises(BadToken):
        Tokens(auth).check(issuer.token(email="a@b", aud="another"))


@pytest.fixture
def behind(trusting: TestClient, context: Context, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A client of a server behind a proxy that signs in."""
    monkeypatch.setattr(context, "token_header", PROXYS)
    return trusting


def test_a_proxy_that_signs_in_hands_on_its_token(behind: TestClient, issuer: Issuer) -> None:
    """Whatever stands in Authorization, for such a proxy may use that for itself."""
    for others in ({}, {"Authorization": "Bearer of.the.proxy"}):
        answer = behind.get(STATUS, headers={PROXYS: issuer.token(role="viewer"), **others})
        assert answer.json()["role"] == "viewer"


def test_nobody_makes_up_what_a_proxy_hands_on(
    behind: TestClient, clients: Clients, issuer: Issuer, trusting: TestClient
) -> None:
    key = clients["admin"].headers["Authorization"].removeprefix("Bearer ")
    for token in ("someone@shop.example", "a.b.c", issuer.token(aud="another"), issuer.token(exp=-3600), key):
        problem(behind.get(STATUS, headers={PROXYS: token}), 401)
        problem(clients["admin"].get(STATUS, headers={PROXYS: token}), 401)
    assert clients["admin"].get(STATUS).status_code == 200  # keys go on for whoever comes past the proxy
    problem(behind.get(STATUS), 401)


def test_a_header_that_no_proxy_is_named_for_counts_for_nothing(trusting: TestClient, issuer: Issuer) -> None:
    problem(trusting.get(STATUS, headers={PROXYS: issuer.token()}), 401)


def test_an_issuer_that_cannot_be_reached_is_a_503(
    clients: Clients, context: Context, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = Auth(issuer="http://127.0.0.1:1", audience=AUDIENCE)
    monkeypatch.setattr(context, "tokens", Tokens(auth))
    assert (
        problem(ask(clients["nobody"], issuer.token()), 503)["type"]
        == "urn:patron:problem:issuer-unreachable"
    )


# -- the audit log ----------------------------------------------------------------------------------------


def entries(admin: TestClient) -> list[tuple[str, str, str]]:
    """Return role, action and subject of the audit log's latest entries."""
    return [(row["role"], row["action"], row["subject"]) for row in admin.get("/api/v1/audit").json()["rows"]]


def test_what_shows_personal_data_is_noted(
    viewer: TestClient, analyst: TestClient, admin: TestClient
) -> None:
    for client in (viewer, analyst):
        for path in (
            "/customers/1",
            "/customers?limit=1",
            "/search/customers?q=an",
            "/customers/1/why/email",
        ):
            client.get(f"/api/v1{path}")
    analyst.get("/api/v1/exports/customers?customer_segment=Low%20Value")
    analyst.get("/api/v1/quarantine/rows")
    assert entries(admin)[:6] == [
        ("analyst", "quarantine shown", ""),
        ("analyst", "customers exported", ""),
        ("analyst", "profile shown", "1"),
        ("analyst", "customers searched", ""),
        ("analyst", "customers listed", ""),
        ("analyst", "profile shown", "1"),
    ]


def test_the_audit_log_comes_in_pages_and_is_only_appended_to(
    admin: TestClient, analyst: TestClient, context: Context
) -> None:
    for _ in range(5):
        analyst.get("/api/v1/customers/1")
    first = admin.get("/api/v1/audit?limit=2").json()
    second = admin.get("/api/v1/audit", params={"limit": 2, "cursor": first["next"]}).json()
    numbers = [row["number"] for row in first["rows"] + second["rows"]]
    assert numbers == sorted(set(numbers), reverse=True)
    for statement in ("UPDATE audit_log SET caller = 'nobody'", "DELETE FROM audit_log"):
        with pytest.raises(Exception, match="only appended to"):
            context.access.execute(statement)
