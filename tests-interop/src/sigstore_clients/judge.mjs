// Verifies a bundle with sigstore's JavaScript library: node judge.mjs ROOT BUNDLE ISSUER SUBJECT DIGEST
import { readFileSync } from "node:fs";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { Verifier, toSignedEntity, toTrustMaterial } from "@sigstore/verify";

const [root, path, issuer, subject, digest] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, "utf8"));

const bundle = bundleFromJSON(read(path));
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(read(root))));
const escaped = subject.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
verifier.verify(toSignedEntity(bundle), {
  subjectAlternativeName: `^${escaped}$`,
  extensions: { issuer },
});
const statement = JSON.parse(bundle.content.dsseEnvelope.payload.toString("utf8"));
const subjects = statement.subject.map((of) => `sha256:${of.digest.sha256}`);
if (!subjects.includes(digest)) {
  throw new Error(`it speaks of ${subjects}`);
}
