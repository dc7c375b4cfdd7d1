package io.pgbackup.store.file;

import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// Names in the directory that are no objects. Temporary files have WAL-G's form, so that it does
/// not list ours nor we its own.
final class HiddenNames {
  static final String METADATA = ".metadata";
  static final String LOCK = ".pgbackup-lock";

  private static final Pattern TEMPORARY =
      Pattern.compile(".*\\.tmp\\.\\d{8}T\\d{6}Z-[0-9a-f]{16}");
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final SecureRandom RANDOM = new SecureRandom();

  private HiddenNames() {}

  static boolean contains(String name) {
    return name.equals(METADATA)
        || name.equals(LOCK)
        || name.equals("lost+found")
        || TEMPORARY.matcher(name).matches();
  }

  static String temporary(String name) {
    // Together with the suffix a long name would exceed the 255 bytes a file name may have.
    String base = name.length() > 60 ? "object" : name;
    byte[] random = new byte[8];
    RANDOM.nextBytes(random);
    return base + ".tmp." + STAMP.format(Instant.now()) + "-" + HexFormat.of().formatHex(random);
  }
}
