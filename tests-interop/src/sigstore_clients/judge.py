"""Verifies a bundle with sigstore's Python client: judge.py ROOT BUNDLE ISSUER SUBJECT DIGEST."""

import json
import sys

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

root, path, issuer, subject, digest = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    bundle = Bundle.from_json(file.read())
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
_, payload = verifier.verify_dsse(bundle, policy.Identity(identity=subject, issuer=issuer))
subjects = [f"sha256:{of['digest']['sha256']}" for of in json.loads(payload)["subject"]]
if digest not in subjects:
    sys.exit(f"it speaks of {subjects}")
