"""in-toto links, judged by the Python implementation of in-toto.

`generate NAME` writes an Ed25519 key pair: NAME.pem (PKCS#8) and NAME.hex (the public point).
`verify LINK NAME.hex` checks the signature and prints the link's step, materials and products as JSON.
"""

import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from in_toto.models.metadata import Metadata


def generate(name: str) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(f"{name}.pem", "wb") as file:
        file.write(pem)
    with open(f"{name}.hex", "w", encoding="ascii") as file:
        file.write(key.public_key().public_bytes_raw().hex())


def verify(link: str, public_key: str) -> None:
    metadata = Metadata.load(link)
    with open(public_key, encoding="ascii") as file:
        point = file.read()
    # The key's name is only how a signature is found; whether it fits is what is verified.
    name = metadata.signatures[0]["keyid"]
    key = {"keyid": name, "keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": point}}
    metadata.verify_signature(key)
    signed = metadata.signed
    print(json.dumps({"step": signed.name, "materials": signed.materials, "products": signed.products}))


{"generate": generate, "verify": verify}[sys.argv[1]](*sys.argv[2:])
