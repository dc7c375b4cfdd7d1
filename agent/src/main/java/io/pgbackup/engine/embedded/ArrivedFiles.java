package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FilesMetadata;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;

/// Compares the files that arrive with the backup's manifest, where it has one. Thread-safe.
final class ArrivedFiles {
  private final BackupName backup;
  private final Optional<Map<String, ManifestFile>> manifest;
  private final Map<String, Long> sizes = new ConcurrentHashMap<>();
  private final Set<String> directories = ConcurrentHashMap.newKeySet();
  private final Set<String> leftOut = new ConcurrentSkipListSet<>();

  ArrivedFiles(BackupName backup, Optional<Map<String, ManifestFile>> manifest) {
    this.backup = backup;
    this.manifest = manifest;
  }

  /// Whether there is something to compare with, so that digests are worth their time.
  boolean compares() {
    return manifest.isPresent();
  }

  void file(String path, long size, String sha256) {
    manifest.ifPresent(
        files -> {
          ManifestFile expected = files.get(path);
          if (expected == null) {
            throw damaged(path + " is in a tar and not in its manifest");
          }
          if (expected.size() != size || !expected.sha256().equals(sha256)) {
            throw damaged(path + " is not the file that was backed up");
          }
        });
    sizes.put(path, size);
  }

  void directory(String path) {
    directories.add(path);
  }

  void leftOut(String path) {
    leftOut.add(path);
  }

  /// @throws PgBackupException `VerificationFailed` if a file of the manifest never came
  void requireAll() {
    List<String> missing =
        manifest.map(Map::keySet).orElse(Set.of()).stream()
            .filter(path -> !sizes.containsKey(path))
            .sorted()
            .toList();
    if (!missing.isEmpty()) {
      throw damaged(
          missing.size() == 1
              ? missing.getFirst() + " is missing"
              : missing.size() + " files are missing, the first of them " + missing.getFirst());
    }
  }

  /// Paths that WAL-G's list has and no tar had.
  List<String> missing(FilesMetadata listed) {
    return listed.names().stream()
        .filter(name -> !listed.skipped().contains(name))
        .map(name -> MemberPath.of(name, backup + "/files_metadata.json"))
        .filter(path -> !sizes.containsKey(path))
        .filter(path -> !directories.contains(path) && !leftOut.contains(path))
        .sorted()
        .toList();
  }

  long count() {
    return sizes.size();
  }

  long bytes() {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  List<String> allLeftOut() {
    return List.copyOf(leftOut);
  }

  private PgBackupException damaged(String reason) {
    return Problem.verificationFailed(
            "the base backup " + backup + " is damaged: " + reason, "Choose another base backup.")
        .asException();
  }
}
