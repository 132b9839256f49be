"""Sign-in by OpenID Connect: the authorization code with PKCE, a nonce and a state used once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from services.desk.rules.signing import Pending
from services.desk.web.auth.held import drawn, key_of, same
from services.desk.web.auth.ports import People
from shared.clock import Clock

PENDING_LASTS: Final = timedelta(minutes=10)
"""How long whoever was sent to the provider may take there."""

CALLBACK: Final = "/sign-in/oidc/callback"

_ALGORITHMS: Final = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
)
"""Signatures that only the provider can make: not "none", and none by the client's secret."""

_LEEWAY: Final = 60
_PATIENCE: Final = 10.0
_KEPT: Final = timedelta(hours=1)


class NotSignedIn(Exception):
    """It came to nothing; the text is for operators, and shows nothing secret."""


class ProviderAway(Exception):
    """The provider does not answer, or not what it should; the text is for operators."""


@dataclass(frozen=True, slots=True)
class Client:
    """How the desk is known to the provider. `public_url` is where browsers find the desk."""

    issuer: str
    client_id: str
    client_secret: str | None
    public_url: str
    scopes: tuple[str, ...] = ("openid", "email", "profile")

    @property
    def callback(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self.public_url.rstrip('/')}{CALLBACK}"


class Provider:
    """The provider that an installation trusts to know people's addresses."""

    def __init__(self, client: Client, people: People, clock: Clock) -> None:
        self._client, self._people, self._clock = client, people, clock
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._until = clock()

    async def begin(self, browser: str, page: str) -> str:
        """Where to send the browser, which holds `browser`. Raises ProviderAway."""
        metadata = await self._described()
        state, nonce, verifier = drawn(), drawn(), drawn()
        until = self._clock() + PENDING_LASTS
        await self._people.begin_signing(
            Pending(key_of(state), key_of(browser), until, page, nonce, verifier)
        )
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.callback,
            "scope": " ".join(self._client.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = metadata["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def finish(self, browser: str, answer: dict[str, str]) -> tuple[str, str]:
        """The address of who came back, which the provider has verified, and the page asked for.

        `answer` is what the browser brought. A state counts once, and in the browser that began.
        Raises NotSignedIn and ProviderAway.
        """
        pending = await self._people.take_signing(key_of(answer.get("state", "")))
        if pending is None or pending.until <= self._clock() or not pending.nonce:
            raise NotSignedIn("the state is unknown, used or too old")
        if not browser or not same(pending.browser, key_of(browser)):
            raise NotSignedIn("another browser began this sign-in")
        if answer.get("iss", self._client.issuer) != self._client.issuer:
            raise NotSignedIn("another provider answered")
        if "error" in answer or not answer.get("code"):
            raise NotSignedIn(f"the provider refused: {answer.get('error', 'no code')[:100]}")
        metadata = await self._described()
        try:
            async with self._session() as session:
                token = await session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=answer["code"],
                    code_verifier=pending.verifier,
                    redirect_uri=self._client.callback,
                )
                claims = await self._claims(token, pending.nonce)
                if "email" not in claims and "userinfo_endpoint" in metadata:
                    claims = await self._more(session, metadata["userinfo_endpoint"], claims)
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as error:
            raise NotSignedIn(
                f"the provider's answer is no good: {type(error).__name__}"
            ) from error
        except httpx2.HTTPError as error:
            raise ProviderAway(type(error).__name__) from error
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise NotSignedIn("the provider has not verified the address")
        return email, pending.next

    def _session(self) -> AsyncOAuth2Client:
        methods = self._metadata.get("token_endpoint_auth_methods_supported") or []
        posted = "client_secret_post" in methods and "client_secret_basic" not in methods
        method = "client_secret_post" if posted else "client_secret_basic"
        return AsyncOAuth2Client(
            self._client.client_id,
            self._client.client_secret,
            token_endpoint_auth_method=method if self._client.client_secret else "none",
            timeout=_PATIENCE,
        )

    async def _claims(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """What the signed token says. Raises JoseError, ValueError, KeyError and HTTPError."""
        known = self._metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(
            algorithms=sorted(_ALGORITHMS.intersection(known)), strict_check_header=False
        )
        held = token["id_token"]
        try:
            decoded = jwt.decode(held, await self._signing_keys(), registry=registry)
        except (InvalidKeyIdError, BadSignatureError, ValueError):
            self._keys = None  # they may have changed
            decoded = jwt.decode(held, await self._signing_keys(), registry=registry)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self._client.issuer},
                "aud": {"essential": True, "value": self._client.client_id},
            },
            {
                "nonce": nonce,
                "client_id": self._client.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY)
        return dict(claims)

    @staticmethod
    async def _more(
        session: AsyncOAuth2Client, endpoint: str, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """What the provider says besides; it must be about the same person."""
        response = await session.get(endpoint)
        response.raise_for_status()
        said = response.json()
        if said.get("sub") != claims["sub"]:
            raise ValueError("the provider speaks of somebody else")
        return dict(said)

    async def _described(self) -> dict[str, Any]:
        """What the provider says of itself, an hour old at most. Raises ProviderAway."""
        if not self._metadata or self._until <= self._clock():
            base = self._client.issuer.rstrip("/")
            said = await self._fetched(f"{base}/.well-known/openid-configuration")
            if said.get("issuer") != self._client.issuer:
                raise ProviderAway("the provider names itself otherwise than the setting does")
            secure = self._client.issuer.startswith("https:")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                place = said.get(name)
                if not isinstance(place, str) or not place.startswith(
                    "https:" if secure else "http"
                ):
                    raise ProviderAway(f"the provider has no usable {name}")
            self._metadata, self._keys = said, None
            self._until = self._clock() + _KEPT
        return self._metadata

    async def _signing_keys(self) -> KeySet:
        if self._keys is None:
            said: Any = await self._fetched(self._metadata["jwks_uri"])
            self._keys = KeySet.import_key_set(said)
        return self._keys

    @staticmethod
    async def _fetched(place: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(timeout=_PATIENCE) as client:
                response = await client.get(place)
                response.raise_for_status()
                said = response.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise ProviderAway(type(error).__name__) from error
        if not isinstance(said, dict):
            raise ProviderAway("the provider's answer is no object")
        return said
