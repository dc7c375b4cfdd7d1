package io.pgbackup.engine.walg;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The directories that a `backup-fetch` fills: made before, looked through afterwards. For one
/// thread.
final class FetchedTree {
  /// Without them no server starts, whatever else is there.
  private static final List<String> INDISPENSABLE =
      List.of("PG_VERSION", "global/pg_control", "backup_label");

  private static final String LINKS = "pg_tblspc";

  private final FetchTarget target;
  private final Path root;
  private final TreeSet<String> leftOut = new TreeSet<>();
  private long files;
  private long bytes;

  FetchedTree(FetchTarget target) {
    this.target = target;
    this.root = target.directory().toAbsolutePath().normalize();
  }

  Path root() {
    return root;
  }

  long files() {
    return files;
  }

  long bytes() {
    return bytes;
  }

  /// Paths of symbolic links, whose targets WAL-G does not keep.
  List<String> leftOut() {
    return List.copyOf(leftOut);
  }

  /// Makes the directories, so that they get our modes and not WAL-G's.
  ///
  /// @throws PgBackupException `Refused` if anything lies in one
  void prepare() {
    makeEmpty(root);
    target.tablespaces().values().forEach(FetchedTree::makeEmpty);
  }

  private static void makeEmpty(Path directory) {
    try {
      FetchTarget.makeEmpty(directory);
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  /// Counts what came, gives it to its owner, and makes sure that a server could start from it.
  ///
  /// @param name for messages
  void finish(String name) {
    try {
      for (String path : INDISPENSABLE) {
        if (!Files.isRegularFile(root.resolve(path), NOFOLLOW_LINKS)) {
          throw Problem.verificationFailed(
                  "the base backup %s is damaged: %s is missing after wal-g backup-fetch"
                      .formatted(name, path),
                  "Choose another base backup.")
              .asException();
        }
      }
      visit(root);
      for (Path tablespace : target.tablespaces().values()) {
        visit(tablespace);
      }
    } catch (IOException e) {
      throw unusable(root, e);
    }
  }

  private void visit(Path tree) throws IOException {
    Consumer<Path> owner = target.owner();
    List<Path> directories = new ArrayList<>();
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              files++;
              bytes += attributes.size();
              owner.accept(file);
            } else if (isTablespace(file)) {
              owner.accept(file);
            } else {
              leftOut.add(root.relativize(file).toString());
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) {
            directories.add(directory);
            return FileVisitResult.CONTINUE;
          }
        });
    // the tree's own directory is the last one
    directories.forEach(owner);
  }

  private boolean isTablespace(Path file) {
    return root.resolve(LINKS).equals(file.getParent())
        && target.tablespaces().containsKey(file.getFileName().toString());
  }

  private static PgBackupException unusable(Path path, IOException cause) {
    return Problem.storageFailed(
            "%s cannot be used for the base backup: %s".formatted(path, cause),
            "Check the space, and the rights of the user that runs pgbackup.")
        .causedBy(cause);
  }
}
