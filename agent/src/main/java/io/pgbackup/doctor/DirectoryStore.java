package io.pgbackup.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// A directory as a store: whether it does what the archive needs, and has room.
final class DirectoryStore {
  private final ObjectStore store;
  private final Path directory;
  private final ProbeKeys keys;
  private final byte[] content =
      "pgbackup doctor %s%n".formatted(UUID.randomUUID()).getBytes(UTF_8);

  DirectoryStore(ObjectStore store, Path directory, ProbeKeys keys) {
    this.store = store;
    this.directory = directory;
    this.keys = keys;
  }

  CheckGroup group() {
    return CheckGroup.of(
        Group.STORAGE,
        List.of(
            Check.gate("writable", this::writable),
            Check.of("create-only", this::createOnly),
            Check.of("read-after-write", this::readAfterWrite),
            Check.of("delete", this::delete),
            Check.of("room", this::room)));
  }

  private Outcome writable() {
    // what an earlier run left, killed for instance
    store.delete(keys.all());
    return store.create(keys.archive(), content, Map.of()) instanceof CreateOutcome.Created
        ? Outcome.pass(store.url() + " can be written")
        : Outcome.fail(
            Problem.storageFailed(
                keys.archive() + " cannot be removed from " + store.url(),
                "Give the directory to the user that runs pgbackup."));
  }

  private Outcome createOnly() {
    return store.create(keys.archive(), content, Map.of()) instanceof CreateOutcome.AlreadyThere
        ? Outcome.pass("a file is never replaced (hard links work)")
        : Outcome.fail(
            Problem.refused(
                "the file system replaced a file that was to be created only",
                "Use one with hard links: ext4, xfs, NFS."));
  }

  private Outcome readAfterWrite() {
    ObjectKey key = keys.archive();
    boolean listed =
        store.list(keys.folder().path()).map(object -> object.key()).anyMatch(key::equals);
    boolean same;
    try (InputStream stored = store.open(key)) {
      same = Arrays.equals(stored.readAllBytes(), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return listed && same
        ? Outcome.pass("what was written is listed and read")
        : Outcome.fail(
            Problem.storageFailed(
                listed ? "other content was read than written" : "what was written is not listed",
                "Check the file system."));
  }

  private Outcome delete() {
    return store.delete(keys.all()).isEmpty()
        ? Outcome.pass("files can be removed; whoever runs as this user can remove backups")
        : Outcome.warn(
            "the probes in %s cannot be removed".formatted(keys.folder()),
            "Retention could not either; give the directory to the user that runs pgbackup.");
  }

  private Outcome room() {
    try {
      FileStore disk = Files.getFileStore(directory);
      return Room.judge("the store's disk", disk.getUsableSpace(), disk.getTotalSpace());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
