package io.pgbackup.engine.format;

import java.util.ArrayList;
import java.util.List;

/// Where a tar member belongs below a data directory.
public final class MemberPath {
  private MemberPath() {}

  /// The member's path with `/` between its parts and none at either end: `base/5/1259`, empty for
  /// the data directory itself.
  ///
  /// @param tar the tar's name, for the message
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if the member would lie
  ///   elsewhere, or has no name that a file can have
  public static String of(String memberName, String tar) {
    List<String> parts = new ArrayList<>();
    for (String part : memberName.split("/", -1)) {
      if (part.equals("..") || part.indexOf('\0') >= 0) {
        throw Documents.unreadable(
            tar, "the member '" + memberName + "' leads out of the data directory", null);
      }
      if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }
}
