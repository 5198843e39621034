"""promo, the container image promoter: promoter manifests and plans as typed objects."""

from promo._promo import (
    DigestEntry,
    Edge,
    Edges,
    Finding,
    Image,
    ManifestError,
    ManifestSet,
    Plan,
    PromoError,
    PromoterManifest,
    Summary,
    __version__,
    load_plain,
    load_thin,
    plan,
)

__all__ = [
    "DigestEntry",
    "Edge",
    "Edges",
    "Finding",
    "Image",
    "ManifestError",
    "ManifestSet",
    "Plan",
    "PromoError",
    "PromoterManifest",
    "Summary",
    "__version__",
    "load_plain",
    "load_thin",
    "plan",
]
