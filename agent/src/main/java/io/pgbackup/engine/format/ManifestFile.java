package io.pgbackup.engine.format;

import io.pgbackup.engine.format.FileDescription.Content;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// One regular file of a base backup.
///
/// @param path below the data directory, with `/` and without one at either end
/// @param size bytes of the file as a restore leaves it
/// @param sha256 of the member's content as it lies in the tar, an increment's of its bytes; 64
///   lower-case hexadecimal digits. For a file of the parent's: of the whole file, or empty where
///   no ancestor's manifest tells it
/// @param part the tar object that holds it, by its name inside `tar_partitions`; empty for a file
///   of the parent's
/// @param corruptPages numbers of the pages whose checksum did not hold, counted from the start of
///   this file; ascending
/// @param content how this backup holds it
/// @param pageLsns proof that a chain put the right pages together: see [PageLsns]. Absent for a
///   file that no increment is part of, and where it cannot be known
/// @param extent greatest size in bytes, empty pages at the end not counted, that the file had in
///   this backup and in the ancestors that it is put together from; only those that write deltas
///   need it
public record ManifestFile(
    String path,
    long size,
    String sha256,
    String part,
    List<Long> corruptPages,
    Content content,
    Optional<String> pageLsns,
    long extent) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /// A file that its tar holds whole.
  public ManifestFile(String path, long size, String sha256, String part, List<Long> corruptPages) {
    this(path, size, sha256, part, corruptPages, Content.WHOLE, Optional.empty(), size);
  }

  public ManifestFile {
    if (path.isEmpty() || path.startsWith("/") || path.endsWith("/")) {
      throw new IllegalArgumentException("'" + path + "' is no path below a data directory");
    }
    if (size < 0 || extent < 0) {
      throw new IllegalArgumentException(path + " cannot have " + size + " bytes");
    }
    boolean unknown = sha256.isEmpty() && content == Content.OF_THE_PARENT;
    if (!unknown && !SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("'" + sha256 + "' is no SHA-256 in hexadecimal digits");
    }
    pageLsns.ifPresent(
        digest -> {
          if (!SHA256.matcher(digest).matches()) {
            throw new IllegalArgumentException("'" + digest + "' is no SHA-256 of positions");
          }
        });
    corruptPages = List.copyOf(corruptPages);
  }
}
