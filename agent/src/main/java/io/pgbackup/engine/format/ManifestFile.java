package io.pgbackup.engine.format;

import java.util.List;
import java.util.regex.Pattern;

/// One regular file of a base backup.
///
/// @param path below the data directory, with `/` and without one at either end
/// @param size bytes
/// @param sha256 of the content as it lies in the tar, 64 lower-case hexadecimal digits
/// @param part the tar object that holds it, by its name inside `tar_partitions`
/// @param corruptPages numbers of the pages whose checksum did not hold, counted from the start of
///   this file; ascending
public record ManifestFile(
    String path, long size, String sha256, String part, List<Long> corruptPages) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public ManifestFile {
    if (path.isEmpty() || path.startsWith("/") || path.endsWith("/")) {
      throw new IllegalArgumentException("'" + path + "' is no path below a data directory");
    }
    if (size < 0) {
      throw new IllegalArgumentException(path + " cannot have " + size + " bytes");
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("'" + sha256 + "' is no SHA-256 in hexadecimal digits");
    }
    corruptPages = List.copyOf(corruptPages);
  }
}
