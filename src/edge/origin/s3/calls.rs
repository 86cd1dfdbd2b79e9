//! Which requests are not for an object's content but call the bucket's own API: a list, an access list, a deletion of
//! many objects. A viewer's request is signed with the origin's key, which mostly may do all of that, so that a path's
//! restriction would say nothing about them.

use std::collections::HashMap;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;

/// In the extensions of a request: the behavior's origin request policy has an allow-list of query strings, so that every
/// key of the query is one that it names.
#[derive(Clone, Copy, Debug)]
pub struct QueryIsListed;

/// The call of the bucket's API that a query key makes of a request, by the key's decoded name. Compared without regard to
/// case, punctuation and another percent-encoding: storage may read a key more leniently than Amazon's does.
pub(super) fn call(name: &str) -> Option<&'static str> {
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    CALLS.get(plain(&decoded).as_str()).copied()
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect()
}

/// Whether a path, decoded, names the bucket and no object in it, by however lenient a reading. `names` is how many names
/// come before the object's: one where the bucket is named by the path.
pub(super) fn is_bucket_itself(path: &[u8], names: usize) -> bool {
    let mut depth = 0_usize;
    for name in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        match name {
            b"" | b"." => {}
            b".." => depth = depth.saturating_sub(1),
            _ => depth += 1,
        }
    }
    depth <= names
}

static CALLS: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| AMAZONS.iter().chain(OTHERS).map(|name| (plain(name), *name)).collect());

/// Amazon's API reference, subresources of buckets and of objects, and the keys of multipart uploads and versions.
const AMAZONS: &[&str] = &[
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "annotations",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];
/// What storage that speaks like Amazon's adds: MinIO, Ceph, SeaweedFS, Google's, Aliyun's.
const OTHERS: &[&str] = &[
    "append",
    "autoclass",
    "billing",
    "bucketInfo",
    "collection",
    "compliance",
    "compose",
    "encryptionConfig",
    "events",
    "force_delete",
    "generation",
    "healing",
    "lambdaArn",
    "metadata",
    "mfa",
    "objectMeta",
    "objectInfo",
    "qosInfo",
    "replication-check",
    "replication-metrics",
    "replication-reset",
    "replication-reset-status",
    "storageClass",
    "storagePolicy",
    "symlink",
    "usage",
    "userProject",
    "websiteConfig",
    "worm",
    "x-oss-process",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_in_every_spelling() {
        for name in [
            "list-type",
            "List-Type",
            "LIST_TYPE",
            "%6cist-type",
            "list%2Dtype",
            "delete",
            "DELETE ",
            "delete\0",
            "uploadid",
            "versionId",
            "intelligentTiering",
            "x-oss-process",
        ] {
            assert!(call(name).is_some(), "{name:?}");
        }
        for name in ["", "v", "response-content-type", "width", "deleted", "list", "type", "prefix"] {
            assert!(call(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_path_that_leads_to_the_bucket_is_the_bucket() {
        for (path, names, is_bucket) in [
            ("/", 0, true),
            ("", 0, true),
            ("//", 0, true),
            ("/./", 0, true),
            ("/a/..", 0, true),
            ("/a\\..", 0, true),
            ("/a", 0, false),
            ("/a/", 0, false),
            ("/media", 1, true),
            ("/media/", 1, true),
            ("/media//.", 1, true),
            ("/media/a/..", 1, true),
            ("/media/a/../..", 1, true),
            ("/media/a", 1, false),
            ("/media/films/", 1, false),
        ] {
            assert_eq!(is_bucket_itself(path.as_bytes(), names), is_bucket, "{path} {names}");
        }
    }
}
