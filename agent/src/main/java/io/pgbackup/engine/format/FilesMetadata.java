package io.pgbackup.engine.format;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;

/// `files_metadata.json` of a backup, as far as a restore needs it: the names of tar members, with
/// what they are. About 100 bytes of memory for each name.
///
/// @param tars the tar objects that hold them, by their names inside `tar_partitions`; WAL-G leaves
///   out that of the control file. Empty for unknown
/// @param names every listed member, spelled as in the tar
/// @param incremented those whose content is only the changed pages
/// @param skipped those whose content is the parent's
public record FilesMetadata(
    Set<String> tars, Set<String> names, Set<String> incremented, Set<String> skipped) {
  /// No document, or one without names: everything is extracted.
  public static final FilesMetadata NONE =
      new FilesMetadata(Set.of(), Set.of(), Set.of(), Set.of());

  /// Members that are extracted although no local backup of WAL-G lists them.
  private static final Set<String> ALWAYS =
      Set.of("/global/pg_control", "backup_label", "tablespace_map");

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

  /// Whether a restore takes this regular file out of its tar. Names are a whitelist where there
  /// are any (as in WAL-G: what is not listed is passed over).
  public boolean admits(String memberName) {
    return names.isEmpty() || names.contains(memberName) || ALWAYS.contains(memberName);
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
