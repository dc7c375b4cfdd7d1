package io.pgbackup.credentials.r2;

import io.pgbackup.credentials.policy.Role;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// What R2 allows a role to do: one list for all keys of the folder, because a token has only one.
/// So nobody can be let put below `pgbackup/` alone. Retention, which may delete everything anyway,
/// puts for the sake of its leases; a restorer puts nothing, and so holds none.
///
/// @param scope the preset that R2 intersects with the actions
record R2Grant(String scope, List<String> actions) {
  private static final List<String> READ =
      List.of("HeadObject", "GetObject", "ListObjectsV1", "ListObjectsV2");

  static R2Grant of(Role role) {
    return switch (role) {
      case ARCHIVER ->
          new R2Grant(
              "object-read-write",
              readAnd(
                  "ListParts",
                  "PutObject",
                  "CreateMultipartUpload",
                  "UploadPart",
                  "AbortMultipartUpload",
                  "CompleteMultipartUpload"));
      case RETENTION ->
          new R2Grant(
              "object-read-write",
              readAnd(
                  "ListParts",
                  "PutObject",
                  "DeleteObject",
                  "DeleteObjects",
                  "AbortMultipartUpload"));
      case RESTORER -> new R2Grant("object-read-only", READ);
    };
  }

  private static List<String> readAnd(String... more) {
    return Stream.concat(READ.stream(), Arrays.stream(more)).toList();
  }
}
