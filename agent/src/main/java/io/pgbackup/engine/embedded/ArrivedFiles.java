package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;

/// What came out of the tars of one backup of a chain. Thread-safe.
final class ArrivedFiles {
  private final BackupName backup;
  private final Optional<Map<String, ManifestFile>> own;
  private final Optional<Map<String, ManifestFile>> newest;
  private final boolean isNewest;
  private final Map<String, Long> sizes = new ConcurrentHashMap<>();
  private final Set<String> patched = ConcurrentHashMap.newKeySet();
  private final Set<String> directories = ConcurrentHashMap.newKeySet();
  private final Set<ObjectKey> perhapsCut = ConcurrentHashMap.newKeySet();
  private final Set<String> leftOut = new ConcurrentSkipListSet<>();

  /// @param own the manifest of this backup, where it has one
  /// @param newest the manifest of the chain's newest backup, where it has one
  /// @param isNewest whether both are the same
  ArrivedFiles(
      BackupName backup,
      Optional<Map<String, ManifestFile>> own,
      Optional<Map<String, ManifestFile>> newest,
      boolean isNewest) {
    this.backup = backup;
    this.own = own;
    this.newest = newest;
    this.isNewest = isNewest;
  }

  /// Whether there is something to compare with, so that digests are worth their time.
  boolean compares() {
    return own.isPresent() || newest.isPresent();
  }

  /// A file that a tar held whole.
  ///
  /// @param isFinal whether no younger backup changes it
  void file(String path, long size, String sha256, boolean isFinal) {
    own.ifPresent(files -> compare(expected(files, path), size, sha256));
    if (isFinal && !isNewest) {
      newest.ifPresent(files -> compare(expected(files, path), size, sha256));
    }
    sizes.put(path, size);
  }

  /// A file of which a tar held pages.
  ///
  /// @param size of the whole file
  /// @param sha256 of what the tar held
  void patched(String path, long size, String sha256) {
    own.ifPresent(files -> compare(expected(files, path), size, sha256));
    sizes.put(path, size);
    patched.add(path);
  }

  private ManifestFile expected(Map<String, ManifestFile> files, String path) {
    ManifestFile expected = files.get(path);
    if (expected == null) {
      throw damaged(backup, path + " is in a tar and not in its manifest");
    }
    return expected;
  }

  private void compare(ManifestFile expected, long size, String sha256) {
    boolean same = expected.sha256().isEmpty() || expected.sha256().equals(sha256);
    if (expected.size() != size || !same) {
      throw damaged(backup, expected.path() + " is not the file that was backed up");
    }
  }

  void directory(String path) {
    directories.add(path);
  }

  void leftOut(String path) {
    leftOut.add(path);
  }

  /// A tar that may have been longer.
  void perhapsCut(ObjectKey tar) {
    perhapsCut.add(tar);
  }

  /// Tars of which only the list of files can tell whether something was cut off.
  Set<ObjectKey> allPerhapsCut() {
    return perhapsCut;
  }

  boolean has(String path) {
    return sizes.containsKey(path);
  }

  /// Whether anything of that name came, be it no file.
  boolean hasAnything(String path) {
    return has(path) || directories.contains(path) || leftOut.contains(path);
  }

  /// Bytes of each file that came, by path.
  Map<String, Long> sizes() {
    return sizes;
  }

  Set<String> allPatched() {
    return patched;
  }

  List<String> allLeftOut() {
    return List.copyOf(leftOut);
  }

  static PgBackupException damaged(BackupName backup, String reason) {
    return Problem.verificationFailed(
            "the base backup " + backup + " is damaged: " + reason, "Choose another base backup.")
        .asException();
  }
}
