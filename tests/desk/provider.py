"""An OpenID Connect provider on a free port, which lies when a test asks it to."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "desk", "between the two of us"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
Changed = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class FakeProvider:
    """Signs whatever `claims` makes of what is true; `metadata` likewise of what it says."""

    issuer: str = ""
    email: str = "ann@example.com"
    claims: Changed = dict
    metadata: Changed = dict
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    signs: RSAKey = field(default_factory=lambda: KEY)
    token: Changed = dict
    userinfo: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    now: Callable[[], float] = time.time

    def authorize(self, place: str) -> dict[str, str]:
        """A person agrees; returns what the browser brings back to the desk."""
        asked = dict(parse_qsl(urlsplit(place).query))
        assert place.startswith(f"{self.issuer}/authorize?")
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["nonce"]) >= 32
        assert len(asked["state"]) >= 32
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def answer(self, method: str, path: str, headers: Any, body: str) -> tuple[int, Any]:
        self.asked.append(path)
        if self.down:
            return 500, {}
        if path == "/.well-known/openid-configuration":
            return 200, self.metadata(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "userinfo_endpoint": f"{self.issuer}/userinfo",
                    "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                }
            )
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/userinfo":
            assert headers["authorization"] == "Bearer access"
            return 200, self.userinfo
        assert (method, path) == ("POST", "/token")
        return self._exchange(headers, {k: v[0] for k, v in parse_qs(body).items()})

    def _exchange(self, headers: Any, form: dict[str, str]) -> tuple[int, Any]:
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(form["code_verifier"].encode()).digest()
        ).rstrip(b"=")
        if (
            asked is None
            or headers["authorization"] != f"Basic {known}"
            or asked["code_challenge"].encode() != challenge
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(self.now())
        claims = self.claims(
            {
                "iss": self.issuer,
                "sub": "42",
                "aud": CLIENT,
                "exp": now + 300,
                "iat": now,
                "nonce": asked["nonce"],
                "email": self.email,
                "email_verified": True,
            }
        )
        header = {"alg": "RS256", "kid": self.signs.kid}
        signed = jwt.encode(header, claims, self.signs)
        return 200, self.token(
            {"access_token": "access", "token_type": "Bearer", "id_token": signed}
        )


@contextmanager
def serving(provider: FakeProvider) -> Iterator[FakeProvider]:
    """Serve it until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            status, said = provider.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = _answer  # noqa: N815  # the server's names

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
