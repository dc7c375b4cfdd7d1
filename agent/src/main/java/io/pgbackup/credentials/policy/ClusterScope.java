package io.pgbackup.credentials.policy;

import io.pgbackup.store.StoreFolder;
import java.util.regex.Pattern;

/// The folder that a credential reaches, and nothing beside it: one cluster's, with every lineage
/// of it. Immutable.
///
/// @param bucket its name, as S3 allows it
/// @param folder never the root; each segment has letters, digits, `-`, `_` and `.` only, so that
///   none can mean a pattern (`*`, `?`) or a variable (`$`) of a policy, and ends in `/`, so that
///   `c1/` never means `c10/` too
public record ClusterScope(String bucket, StoreFolder folder) {
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  private static final Pattern SEGMENT =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?");

  /// @throws IllegalArgumentException if a policy for it could mean more than this one folder
  public ClusterScope {
    if (!BUCKET.matcher(bucket).matches()) {
      throw new IllegalArgumentException("'" + bucket + "' is not the name of a bucket");
    }
    if (folder.path().isEmpty()) {
      throw new IllegalArgumentException("a credential for the whole bucket isolates nothing");
    }
    for (String segment : folder.path().split("/")) {
      if (!SEGMENT.matcher(segment).matches()) {
        throw new IllegalArgumentException(
            "a policy cannot be limited to the folder '%s': '%s' has other characters than letters, digits, '-', '_' and '.'"
                .formatted(folder, segment));
      }
    }
  }

  /// Whether one of the two folders lies in the other, so that a credential for one reaches both.
  public boolean overlaps(ClusterScope other) {
    return bucket.equals(other.bucket)
        && (folder.path().startsWith(other.folder.path())
            || other.folder.path().startsWith(folder.path()));
  }
}
