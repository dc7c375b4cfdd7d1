package io.pgbackup.cli.source;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.net.URI;
import java.util.Optional;

/// The folder of one archive: `spilo/orders/u-1/wal/15`, or with its store as others write it,
/// `s3://backups/spilo/orders/u-1/wal/15`.
///
/// @param store the URL that stands before the folder
record LiteralPrefix(Optional<String> store, String folder) {
  private static final String HINT =
      "Give the folder that holds basebackups_005/ and wal_005/, for example --prefix"
          + " spilo/orders/UID/wal/15; '/' is the whole bucket.";

  /// @param known the store that is named otherwise
  static LiteralPrefix parse(String text, Optional<URI> known) {
    if (text.contains("$")) {
      throw fault("'" + text + "' is no literal folder; a template belongs in storage.prefix");
    }
    if (text.startsWith("s3://")) {
      int slash = text.indexOf('/', "s3://".length());
      String bucket = slash < 0 ? text : text.substring(0, slash);
      known
          .filter(url -> !url.toString().equals(bucket))
          .ifPresent(
              url -> {
                throw fault("'" + text + "' does not lie in " + url);
              });
      return new LiteralPrefix(Optional.of(bucket), rooted(slash < 0 ? "" : text.substring(slash)));
    }
    if (text.startsWith("file://")) {
      return inDirectory(text, known);
    }
    return new LiteralPrefix(Optional.empty(), rooted(text));
  }

  private static LiteralPrefix inDirectory(String text, Optional<URI> known) {
    if (known.isEmpty()) {
      return new LiteralPrefix(Optional.of(text), rooted(""));
    }
    String root = known.get().toString().replaceAll("/+$", "") + "/";
    if (!(text + "/").startsWith(root)) {
      throw fault("'" + text + "' does not lie in " + known.get());
    }
    return new LiteralPrefix(Optional.empty(), rooted((text + "/").substring(root.length())));
  }

  /// An empty text would count as not given.
  private static String rooted(String path) {
    try {
      String folder = StoreFolder.of(path).path();
      return folder.isEmpty() ? "/" : folder;
    } catch (IllegalArgumentException e) {
      throw fault(String.valueOf(e.getMessage()));
    }
  }

  private static PgBackupException fault(String message) {
    return Problem.misconfigured("--prefix: " + message, HINT).asException();
  }
}
