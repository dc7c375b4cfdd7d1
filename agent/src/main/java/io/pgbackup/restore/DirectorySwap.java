package io.pgbackup.restore;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import io.pgbackup.lineage.IdentityFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Exchanges data directories by renames, each with the identity that lies beside it. Every method
/// can be called again after it was cut off anywhere.
record DirectorySwap(RestorePaths paths) {
  /// The staged directory becomes one that is absent or empty.
  void putNew() throws IOException {
    if (exists(paths.staging())) {
      move(paths.staging(), paths.dataDirectory());
    }
  }

  /// A directory in its place becomes the staged one.
  void takeBack() throws IOException {
    move(paths.dataDirectory(), paths.staging());
  }

  /// The old directory goes to `previous`, the staged one takes its place.
  void putInPlace(Path previous) throws IOException {
    Path current = paths.dataDirectory();
    if (!exists(previous)) {
      move(current, previous);
    }
    if (exists(paths.staging())) {
      // Not yet ours: a new identity is written only after the directory has come.
      moveIdentity(current, previous);
      move(paths.staging(), current);
    }
  }

  /// What was restored, if it came so far, goes to `undone`; the old directory takes its place
  /// again.
  void undo(Path previous, Path undone) throws IOException {
    Path current = paths.dataDirectory();
    if (exists(previous)) {
      if (exists(current)) {
        move(current, undone);
      }
      if (exists(undone)) {
        moveIdentity(current, undone);
      }
      move(previous, current);
    }
    moveIdentity(previous, current);
  }

  private void moveIdentity(Path from, Path to) throws IOException {
    Path identity = identityOf(from);
    if (exists(identity) && !exists(identityOf(to))) {
      move(identity, identityOf(to));
    }
  }

  /// The directory may be away at the moment, so no link can be followed.
  private static Path identityOf(Path dataDirectory) {
    return IdentityFile.beside(dataDirectory).path();
  }

  private void move(Path from, Path to) throws IOException {
    Files.move(from, to, ATOMIC_MOVE);
    paths.forceParent();
    if (exists(paths.workspace())) {
      Durable.ON_DISK.force(paths.workspace());
    }
  }

  private static boolean exists(Path path) {
    return Files.exists(path, NOFOLLOW_LINKS);
  }
}
