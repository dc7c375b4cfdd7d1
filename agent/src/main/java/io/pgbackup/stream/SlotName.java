package io.pgbackup.stream;

import io.pgbackup.lineage.LineageUid;
import java.util.Locale;

/// What the replication slot of a lineage is called, on whichever server. Pure.
public final class SlotName {
  private static final int LONGEST = 63;

  private SlotName() {}

  /// Lower-case letters, digits and `_`, as PostgreSQL wants it.
  public static String of(LineageUid uid) {
    String name = "pgbackup_" + uid.value().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return name.substring(0, Math.min(LONGEST, name.length()));
  }
}
