//! The codes of this crate that belong to no single phase: what ports fail with by themselves, and what the
//! documents that are read back are refused for.
//!
//! Those of promoter manifests are in [`manifest::FINDING_KINDS`](crate::manifest::FINDING_KINDS), those of verdicts in
//! [`plan::codes`](crate::plan::codes), those of a run in [`pipeline::codes`](crate::pipeline::codes).

crate::codes! {
    DEFECT "PROMO-C011" "the work panicked"
        "A part of promo, or an implementation of a port, panicked while it worked on this edge or repository. The others \
         went on. Nothing undecided was taken for decided; run it again, and report the defect with what stands on \
         standard error."
    SNAPSHOT_DOCUMENT "PROMO-C070" "the snapshot is not a document of its schema"
    SNAPSHOT_SCHEMA "PROMO-C071" "the snapshot has a schema that this version does not read"
    SNAPSHOT_LINE "PROMO-C072" "a line of a CSV snapshot is no record"
    SNAPSHOT_NAME "PROMO-C073" "a name in a snapshot can't be a repository"
    SNAPSHOT_DIGEST "PROMO-C074" "a digest in a snapshot is not valid"
    SNAPSHOT_TAG "PROMO-C075" "a tag in a snapshot is not valid"
    SNAPSHOT_REPEATED "PROMO-C076" "a name or tag stands twice in a snapshot"
    SNAPSHOT_YAML "PROMO-C077" "a YAML snapshot is no list of images"
    PLAN_DOCUMENT "PROMO-P030" "the saved plan is not a document of its schema"
    PLAN_SCHEMA "PROMO-P031" "the saved plan has a schema that this version does not read"
    PLAN_COUNTS "PROMO-P032" "the counts of a saved plan don't agree with its edges: it was edited"
    PLAN_CONTRADICTION "PROMO-P033" "a saved plan contradicts itself: it was edited"
    NOT_OFFERED "PROMO-R080" "Operation not offered"
        "The implementation of the registry port that is used doesn't offer this operation. promo's own registry client offers all of them."
    OTHER_NAME "PROMO-S013" "evidence names another image"
        "The signature is good and about this digest, but it names another repository than the one asked for."
    NO_NAME "PROMO-S014" "evidence names no image"
        "The signature is good and about this digest, but names no repository, and a name was required."
}
