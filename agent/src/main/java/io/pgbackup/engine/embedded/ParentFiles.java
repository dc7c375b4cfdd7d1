package io.pgbackup.engine.embedded;

import io.pgbackup.engine.embedded.BackupChain.Link;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FilesMetadataReader;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.store.StoredObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The files of a delta's parent: those on its list, each with what our manifest says of it.
final class ParentFiles implements FilesMetadataReader.Visitor {
  private final BackupName parent;
  private final Map<String, ParentFile> files = new HashMap<>();
  private final Set<String> tars = new HashSet<>();

  private ParentFiles(BackupName parent) {
    this.parent = parent;
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the parent has no list, without
  ///   which WAL-G restores nothing of it for a delta
  static ParentFiles read(Link parent, BackupDocuments documents) {
    ParentFiles read = new ParentFiles(parent.name());
    boolean listed =
        !parent.sentinel().filesMetadataDisabled() && documents.filesMetadata(parent.name(), read);
    if (!listed || read.files.isEmpty()) {
      throw DeltaChoice.refused("%s has no list of its files".formatted(parent.name()));
    }
    documents.manifest(parent.name(), read::known);
    return read;
  }

  @Override
  public void file(String member, boolean incremented, boolean skipped, String modified) {
    files.put(member, new ParentFile(time(modified), Optional.empty()));
  }

  @Override
  public void tar(String tar) {
    tars.add(tar);
  }

  private void known(ManifestFile file) {
    files.computeIfPresent(
        PartWriter.member(file.path()),
        (_, listed) -> new ParentFile(listed.modified(), Optional.of(file)));
  }

  private static Optional<Instant> time(String text) {
    try {
      return text.isEmpty()
          ? Optional.empty()
          : Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if one of the parent's tars is missing
  void requireTars(List<StoredObject> standing) {
    Set<String> present =
        standing.stream().map(tar -> tar.key().name()).collect(Collectors.toSet());
    tars.stream()
        .filter(tar -> !present.contains(tar))
        .findFirst()
        .ifPresent(
            tar -> {
              throw DeltaChoice.refused("%s of %s is gone".formatted(tar, parent));
            });
  }

  /// By the name of the tar member.
  Map<String, ParentFile> byMember() {
    return files;
  }
}
