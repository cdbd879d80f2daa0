"""A passkey as a browser registers it, without a browser."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)


def registered(name: str, host: str = "testserver") -> dict[str, Any]:
    """Give what is kept of a passkey; nobody holds its private key, which is lost here."""
    identifier = sha256(name.encode()).digest()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = ES256.from_cryptography_key(key)  # type: ignore[no-untyped-call]
    credential = AttestedCredentialData.create(Aaguid(bytes(16)), identifier, public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    said = AuthenticatorData.create(sha256(host.encode()).digest(), flags, 0, credential)
    client = CollectedClientData.create(
        type=CollectedClientData.TYPE.CREATE, challenge=bytes(32), origin=f"https://{host}"
    )
    return {
        "name": name,
        "credential": {
            "id": websafe_encode(identifier),
            "rawId": websafe_encode(identifier),
            "type": "public-key",
            "response": {
                "clientDataJSON": websafe_encode(client),
                "attestationObject": websafe_encode(AttestationObject.create("none", said, {})),
            },
            "clientExtensionResults": {"credProps": {"rk": True}},
        },
    }
