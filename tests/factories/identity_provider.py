"""A provider of identity on this machine, which answers as ProConnect does, or worse."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from alliage_web.config.environment import as_allauth_app, identity_providers

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = "alliage-client"
SECRET = "secret-partagé-d-une-longueur-suffisante-pour-HS256"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeProvider:
    """What the provider says of the person; a test changes it before the exchange."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {
            "sub": "b7c9",
            "given_name": "Lou",
            "usual_name": "Martin",
            "email": "lou@example.org",
            "uid": "42",
            "siret": "13002526500013",
        }
        self.identity: dict[str, Any] = {}
        """What the identity token says beside the truth."""
        self.key: Any = _KEY
        self.algorithm = "RS256"
        self.as_jwt = True
        self.codes: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.address = ""
        self.config: dict[str, Any] = {}

    def authorise(self, url: str) -> dict[str, str]:
        """Do what the person does there; return what the browser brings back."""
        assert url.startswith(f"{self.address}/authorize?")
        sent = dict(parse_qsl(urlsplit(url).query))
        self.asked.append(("/authorize", sent))
        self.codes["a-code"] = sent["nonce"]
        return {"code": "a-code", "state": sent["state"]}

    def signed(self, claims: dict[str, Any], key: Any = None) -> str:
        common = {"iss": self.address, "aud": CLIENT, "exp": time.time() + 60, "iat": time.time()}
        return jwt.encode(
            {**common, **claims}, key or self.key, self.algorithm, headers={"kid": "k1"}
        )

    def answer(self, path: str, form: dict[str, str]) -> tuple[str, str]:
        self.asked.append((path, form))
        if path == "/.well-known/openid-configuration":
            return "application/json", json.dumps(self.config)
        if path == "/jwks":
            public = json.loads(RSAAlgorithm.to_jwk(_KEY.public_key()))
            return "application/json", json.dumps({"keys": [public | {"kid": "k1", "use": "sig"}]})
        if path == "/token":
            said = {"sub": self.claims["sub"], "nonce": self.codes.pop(form["code"])}
            return "application/json", json.dumps(
                {
                    "access_token": "t",
                    "token_type": "Bearer",
                    "expires_in": 60,
                    "id_token": self.signed(said | self.identity),
                }
            )
        assert path == "/userinfo"
        if self.as_jwt:
            return "application/jwt", self.signed(self.claims)
        return "application/json", json.dumps(self.claims)


@contextmanager
def serving() -> Iterator[FakeProvider]:
    provider = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            kind, body = provider.answer(urlsplit(self.path).path, form)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    provider.config = {
        "issuer": provider.address,
        "authorization_endpoint": f"{provider.address}/authorize",
        "token_endpoint": f"{provider.address}/token",
        "userinfo_endpoint": f"{provider.address}/userinfo",
        "jwks_uri": f"{provider.address}/jwks",
        "end_session_endpoint": f"{provider.address}/session/end",
    }
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def stranger_key() -> Any:
    return _OTHER_KEY


def configuration(provider: FakeProvider, **more: Any) -> dict[str, Any]:
    """Return ``SOCIALACCOUNT_PROVIDERS`` as the settings make it from ``ALLIAGE_OIDC``."""
    said = {
        "id": "proconnect",
        "name": "ProConnect",
        "server": provider.address,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "scopes": ["openid", "given_name", "usual_name", "email", "uid", "siret"],
        "pkce": False,
        "vouches_for_addresses": True,
        "joins_accounts": True,
    }
    apps = [as_allauth_app(one) for one in identity_providers(json.dumps([said | more]))]
    return {
        "openid_connect": {"provider_class": "alliage_web.accounts.oidc.Provider", "APPS": apps}
    }
