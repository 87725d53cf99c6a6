"""OpenID Connect bearer tokens: whose they are, for whom, and what role they give."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse

import jwt

from patron.access import Role
from patron.access.roles import highest
from patron.errors import AccessError, BadToken
from patron.settings import Auth

FETCH_SECONDS = 5
LEEWAY_SECONDS = 30  # between two clocks
REQUIRED = ["exp", "iat", "iss", "aud", "sub"]


class Tokens:
    """Checks tokens of one issuer. Its keys are fetched once and kept for five minutes."""

    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        given = {Role.VIEWER: auth.viewers, Role.ANALYST: auth.analysts, Role.ADMIN: auth.admins}
        self.meant = given if any(given.values()) else {role: (role.value,) for role in Role}
        self._client: jwt.PyJWKClient | None = None
        self._lock = threading.Lock()

    def check(self, token: str) -> tuple[str, Role]:
        """Return the subject and the role that a token gives.

        Raises BadToken where it is forged, expired, of another issuer, for another audience or without a role of
        ours, AccessError where the issuer's keys cannot be had.
        """
        try:
            if jwt.get_unverified_header(token).get("alg") not in self.auth.algorithms:
                raise BadToken("The token's signature is of a kind that is not accepted.")
            claims = jwt.decode(
                token,
                self._keys().get_signing_key_from_jwt(token),
                algorithms=list(self.auth.algorithms),
                audience=self.auth.audience,
                issuer=self.auth.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise AccessError("The keys of the tokens' issuer cannot be reached right now.") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise BadToken("The token is not good.") from error
        if self.auth.role_claim == "email" and claims.get("email_verified") is False:
            raise BadToken("The token's e-mail address is not verified.")
        role = highest(_claim(claims, self.auth.role_claim), self.meant) or self.auth.default_role
        if role is None:
            raise BadToken("The token gives no role.")
        return str(claims["sub"]), Role(role)

    def _keys(self) -> jwt.PyJWKClient:
        with self._lock:
            if self._client is None:
                self._client = jwt.PyJWKClient(
                    self.auth.jwks_url or self._discovered(), timeout=FETCH_SECONDS
                )
            return self._client

    def _discovered(self) -> str:
        """Return where the keys are, as the issuer's discovery document says."""
        url = f"{(self.auth.issuer or '').rstrip('/')}/.well-known/openid-configuration"
        if urlparse(url).scheme not in ("http", "https"):
            raise AccessError("The setting auth.issuer is no http or https address.")
        try:
            with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as response:  # noqa: S310  # nosec B310 - checked above
                document: Any = json.load(response)
            return str(document["jwks_uri"])
        except (URLError, OSError, ValueError, KeyError, TypeError) as error:
            raise AccessError(
                "The discovery document of the tokens' issuer cannot be had right now."
            ) from error


def _claim(claims: dict[str, Any], path: str) -> Any:
    """Return a claim by name, or by a path of names with dots into nested ones."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
