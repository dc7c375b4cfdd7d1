package io.pgbackup.store.file;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A directory as an object store. An object becomes visible whole or not at all, never takes the
/// place of another, and is on disk before a call returns.
///
/// Objects are readable by their owner only. Several processes may use one directory, WAL-G
/// included; [#replace] is safe among processes of ours.
public final class FileObjectStore implements ObjectStore {
  private final StoreTree tree;
  private final ObjectMetadata metadata;

  private FileObjectStore(StoreTree tree) {
    this.tree = tree;
    this.metadata = new ObjectMetadata(tree);
  }

  /// @throws PgBackupException `Misconfigured` if the directory does not exist
  public static FileObjectStore open(Path directory) {
    return new FileObjectStore(StoreTree.open(directory));
  }

  @Override
  public Stream<StoredObject> list(String keyPrefix) {
    int name = keyPrefix.lastIndexOf('/') + 1;
    String folder = keyPrefix.substring(0, name);
    if (!folder.isEmpty() && !ObjectKey.isKey(folder.substring(0, name - 1))) {
      return Stream.empty();
    }
    return StreamSupport.stream(
        new FileListing(tree, folder, keyPrefix.substring(name)), /* parallel= */ false);
  }

  @Override
  public Stream<StoredObject> objects(StoreFolder parent, String namePrefix) {
    return StreamSupport.stream(
        FileListing.shallow(tree, parent.path(), namePrefix), /* parallel= */ false);
  }

  @Override
  public List<StoreFolder> folders(StoreFolder parent) {
    return FileListing.entries(tree, parent.path(), "").stream()
        .filter(entry -> entry.endsWith("/") && holdsAnything(entry))
        .map(StoreFolder::new)
        .toList();
  }

  /// A directory comes as a whole.
  @Override
  public FolderListing folders(StoreFolder parent, int most) {
    return new FolderListing(folders(parent), 1, /* complete= */ true);
  }

  /// What may not be looked into, `lost+found` of a mounted file system for instance, counts.
  private boolean holdsAnything(String folder) {
    List<String> entries;
    try {
      entries = FileListing.entries(tree, folder, "");
    } catch (PgBackupException e) {
      if (e.getCause() instanceof AccessDeniedException) {
        return true;
      }
      throw e;
    }
    return entries.stream().anyMatch(entry -> !entry.endsWith("/"))
        || entries.stream().anyMatch(this::holdsAnything);
  }

  @Override
  public Optional<StoredObject> head(ObjectKey key) {
    Path path = tree.path(key);
    return doing("look up " + key, () -> headAt(key, path));
  }

  private Optional<StoredObject> headAt(ObjectKey key, Path path) throws IOException {
    Optional<BasicFileAttributes> attributes = fileAt(path);
    return attributes.isEmpty()
        ? Optional.empty()
        : Optional.of(object(key, attributes.get(), metadata.read(key, attributes.get())));
  }

  @Override
  public InputStream open(ObjectKey key) {
    Path path = tree.path(key);
    String doing = "read " + key;
    return doing(
        doing,
        () -> {
          if (fileAt(path).isEmpty()) {
            throw Problem.notFound(
                    "no object " + key + " in " + url(), "List what is there and check the name.")
                .asException();
          }
          return new FileDownload(doing, Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS));
        });
  }

  @Override
  public CreateOutcome create(ObjectKey key, byte[] content, Map<String, String> userMetadata) {
    try (ObjectUpload upload = upload(key, userMetadata)) {
      doing("write " + key, () -> write(upload.stream(), content));
      return upload.complete();
    }
  }

  @Override
  public ObjectUpload upload(ObjectKey key, Map<String, String> userMetadata) {
    Path path = tree.path(key);
    String doing = "write " + key;
    TemporaryFile temporary = doing(doing, () -> TemporaryFile.beside(path, tree));
    return new FileUpload(doing, temporary, file -> settle(key, path, file, userMetadata));
  }

  private CreateOutcome settle(
      ObjectKey key, Path path, TemporaryFile file, Map<String, String> userMetadata)
      throws IOException {
    file.sync();
    if (!file.linkIfAbsent()) {
      return new AlreadyThere(headAt(key, path).orElseThrow(() -> vanished(key)));
    }
    BasicFileAttributes attributes = fileAt(path).orElseThrow(() -> vanished(key));
    metadata.write(key, attributes, userMetadata);
    return new Created(object(key, attributes, userMetadata));
  }

  @Override
  public Optional<String> replace(ObjectKey key, byte[] content, Optional<String> expectedVersion) {
    if (expectedVersion.isEmpty()) {
      return switch (create(key, content, Map.of())) {
        case Created(StoredObject object) -> Optional.of(object.version());
        case AlreadyThere _ -> Optional.empty();
      };
    }
    Path path = tree.path(key);
    return doing(
        "replace " + key,
        () ->
            ReplaceLock.holding(
                StoreTree.parent(path),
                tree,
                () -> replaceLocked(path, content, expectedVersion.get())));
  }

  private Optional<String> replaceLocked(Path path, byte[] content, String expectedVersion)
      throws IOException {
    Optional<BasicFileAttributes> before = fileAt(path);
    if (before.isEmpty() || !Version.of(before.get()).equals(expectedVersion)) {
      return Optional.empty();
    }
    try (TemporaryFile file = TemporaryFile.beside(path, tree)) {
      write(file.stream(), content);
      Instant atLeast = before.get().lastModifiedTime().toInstant().plusNanos(1_000);
      if (Files.getLastModifiedTime(file.path()).toInstant().isBefore(atLeast)) {
        Files.setLastModifiedTime(file.path(), FileTime.from(atLeast));
      }
      file.sync();
      String version = Version.of(fileAt(file.path()).orElseThrow());
      file.replaceTarget();
      StoreTree.sync(StoreTree.parent(path));
      return Optional.of(version);
    }
  }

  @Override
  public List<ObjectKey> delete(Collection<ObjectKey> keys) {
    List<ObjectKey> refused = new ArrayList<>();
    for (ObjectKey key : keys) {
      Path path = tree.path(key);
      try {
        ReplaceLock.holdingIfUsed(StoreTree.parent(path), tree, () -> delete(key, path));
      } catch (IOException _) {
        refused.add(key);
      }
    }
    return refused;
  }

  // Metadata first: left behind, it could be taken for that of the next object of this name.
  private boolean delete(ObjectKey key, Path path) throws IOException {
    if (fileAt(path).isEmpty()) {
      return false;
    }
    metadata.delete(key);
    Files.deleteIfExists(path);
    tree.prune(StoreTree.parent(path));
    return true;
  }

  @Override
  public String url() {
    return "file://" + tree.root();
  }

  @Override
  public void close() {}

  static StoredObject object(
      ObjectKey key, BasicFileAttributes attributes, Map<String, String> userMetadata) {
    return new StoredObject(
        key,
        attributes.size(),
        attributes.lastModifiedTime().toInstant(),
        Version.of(attributes),
        userMetadata);
  }

  private static Optional<BasicFileAttributes> fileAt(Path path) throws IOException {
    return StoreTree.attributes(path).filter(BasicFileAttributes::isRegularFile);
  }

  private static boolean write(OutputStream stream, byte[] content) throws IOException {
    stream.write(content);
    stream.flush();
    return true;
  }

  private static PgBackupException vanished(ObjectKey key) {
    return Problem.storageUnavailable(
            key + " stands in the way, and is no object or vanished again",
            "Check what lies there and try again.")
        .asException();
  }

  private interface Action<T> {
    T run() throws IOException;
  }

  private static <T> T doing(String what, Action<T> action) {
    try {
      return action.run();
    } catch (IOException e) {
      throw FileFailures.of(what, e);
    }
  }
}
