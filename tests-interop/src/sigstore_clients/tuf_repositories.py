"""Writes three states of a TUF repository with python-tuf: as it began, after its keys were replaced, and as a stranger would have it.

Called with the folder to write to, the trusted root and the signing configuration of a sigstore.
"""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

SOON = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=7)


class Keys:
    """Of the roles: one is kept offline, and one signs each day."""

    def __init__(self):
        self.offline = CryptoSigner.generate_ed25519()
        self.online = CryptoSigner.generate_ecdsa()

    def root(self, version):
        root = Root(version=version, expires=SOON, consistent_snapshot=True)
        for role in ("root", "targets"):
            root.add_key(self.offline.public_key, role)
        for role in ("timestamp", "snapshot"):
            root.add_key(self.online.public_key, role)
        return root

    def write(self, folder, version, documents):
        """All but the roots."""
        targets = Targets(version=version, expires=SOON)
        (folder / "targets").mkdir(parents=True)
        for name, path in documents.items():
            target = TargetFile.from_file(name, str(path))
            targets.targets[name] = target
            kept = folder / "targets" / f"{target.hashes['sha256']}.{name}"
            kept.write_bytes(path.read_bytes())
        snapshot = Snapshot(version=version, expires=SOON)
        snapshot.meta["targets.json"] = MetaFile(version=version)
        timestamp = Timestamp(
            version=version, expires=SOON, snapshot_meta=MetaFile(version=version)
        )
        put(folder / f"{version}.targets.json", targets, [self.offline])
        put(folder / f"{version}.snapshot.json", snapshot, [self.online])
        put(folder / "timestamp.json", timestamp, [self.online])


def put(path, signed, signers):
    metadata = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    metadata.to_file(str(path), JSONSerializer(compact=False))


def main(folder, trusted_root, signing_config):
    documents = {"trusted_root.json": trusted_root, "signing_config.v0.2.json": signing_config}
    first, second, stranger = Keys(), Keys(), Keys()
    for name in ("first", "second", "stranger"):
        (folder / name).mkdir(parents=True)
    put(folder / "first" / "1.root.json", first.root(1), [first.offline])
    first.write(folder / "first", 1, documents)
    put(folder / "second" / "1.root.json", first.root(1), [first.offline])
    put(folder / "second" / "2.root.json", second.root(2), [first.offline, second.offline])
    second.write(folder / "second", 2, documents)
    put(folder / "stranger" / "1.root.json", stranger.root(1), [stranger.offline])
    stranger.write(folder / "stranger", 3, documents)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
