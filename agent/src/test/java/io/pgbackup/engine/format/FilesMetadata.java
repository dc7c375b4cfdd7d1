package io.pgbackup.engine.format;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;

/// A whole `files_metadata.json`, for tests.
///
/// @param tars the tar objects that hold them, by their names inside `tar_partitions`; WAL-G leaves
///   out that of the control file. Empty for unknown
/// @param names every listed member, spelled as in the tar
/// @param incremented those whose content is only the changed pages
/// @param skipped those whose content is the parent's
public record FilesMetadata(
    Set<String> tars, Set<String> names, Set<String> incremented, Set<String> skipped) {
  public FilesMetadata {
    tars = Set.copyOf(tars);
    names = Set.copyOf(names);
    incremented = Set.copyOf(incremented);
    skipped = Set.copyOf(skipped);
  }

  /// Reads the document as a stream. Does not close the source.
  ///
  /// @param name the object's name, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it is no such document
  public static FilesMetadata read(InputStream source, String name) throws IOException {
    Collector collector = new Collector();
    FilesMetadataReader.read(source, name, collector);
    return new FilesMetadata(
        collector.tars, collector.names, collector.incremented, collector.skipped);
  }

  private static final class Collector implements FilesMetadataReader.Visitor {
    private final Set<String> tars = new HashSet<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> incremented = new HashSet<>();
    private final Set<String> skipped = new HashSet<>();

    @Override
    public void file(String member, boolean isIncremented, boolean isSkipped, String modified) {
      names.add(member);
      if (isIncremented) {
        incremented.add(member);
      }
      if (isSkipped) {
        skipped.add(member);
      }
    }

    @Override
    public void tar(String tar) {
      tars.add(tar);
    }
  }
}
