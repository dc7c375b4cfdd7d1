package io.pgbackup.testing;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A bucket in memory, for tests that need many of them or none of the disk. Thread-safe; open to
/// tests that want one call to go wrong.
public class MemoryObjectStore implements ObjectStore {
  private static final int PAGE = 1000;

  private record Stored(StoredObject object, ByteBuffer content) {}

  private final TreeMap<ObjectKey, Stored> objects = new TreeMap<>();
  private final Optional<InstantSource> clock;
  private long writes;
  private long lists;

  /// One that says of each object only that it came after those before it.
  public MemoryObjectStore() {
    this.clock = Optional.empty();
  }

  /// @param clock the store's own
  public MemoryObjectStore(InstantSource clock) {
    this.clock = Optional.of(clock);
  }

  /// A bucket that begins with what another one holds now.
  public MemoryObjectStore(MemoryObjectStore original) {
    this.clock = original.clock;
    synchronized (original) {
      objects.putAll(original.objects);
      writes = original.writes;
    }
  }

  @Override
  public synchronized Stream<StoredObject> list(String keyPrefix) {
    List<StoredObject> found = listing(keyPrefix).toList();
    lists += pages(found.size());
    return found.stream();
  }

  /// LISTs of objects, and of folders within bounds, so far as S3 counts them, a thousand entries
  /// each.
  public synchronized long lists() {
    return lists;
  }

  private static long pages(long entries) {
    return Math.max(1, Math.ceilDiv(entries, PAGE));
  }

  private Stream<StoredObject> listing(String keyPrefix) {
    return objects.values().stream()
        .map(Stored::object)
        .filter(object -> object.key().value().startsWith(keyPrefix))
        .map(
            object ->
                new StoredObject(
                    object.key(), object.size(), object.modified(), object.version(), Map.of()));
  }

  @Override
  public synchronized Stream<StoredObject> objects(StoreFolder parent, String namePrefix) {
    String prefix = parent.path() + namePrefix;
    List<StoredObject> direct =
        listing(prefix)
            .filter(object -> object.key().value().indexOf('/', prefix.length()) < 0)
            .toList();
    long folders =
        objects.keySet().stream()
            .map(ObjectKey::value)
            .filter(key -> key.startsWith(prefix) && key.indexOf('/', prefix.length()) >= 0)
            .map(key -> key.substring(0, key.indexOf('/', prefix.length())))
            .distinct()
            .count();
    lists += pages(direct.size() + folders);
    return direct.stream();
  }

  @Override
  public synchronized List<StoreFolder> folders(StoreFolder parent) {
    return objects.keySet().stream()
        .map(ObjectKey::value)
        .filter(key -> key.startsWith(parent.path()))
        .map(key -> key.substring(parent.path().length()))
        .filter(rest -> rest.contains("/"))
        .map(rest -> parent.folder(rest.substring(0, rest.indexOf('/'))))
        .distinct()
        .toList();
  }

  @Override
  public synchronized FolderListing folders(StoreFolder parent, int most) {
    Set<StoreFolder> folders = Set.copyOf(folders(parent));
    List<StoreFolder> entries =
        objects.keySet().stream()
            .map(ObjectKey::value)
            .filter(key -> key.startsWith(parent.path()))
            .map(key -> key.substring(parent.path().length()))
            .map(
                rest ->
                    parent.folder(rest.contains("/") ? rest.substring(0, rest.indexOf('/')) : rest))
            .distinct()
            .toList();
    long pages = Math.min(most, pages(entries.size()));
    lists += pages;
    return new FolderListing(
        entries.stream().limit(pages * PAGE).filter(folders::contains).toList(),
        pages,
        entries.size() <= pages * PAGE);
  }

  @Override
  public synchronized Optional<StoredObject> head(ObjectKey key) {
    return Optional.ofNullable(objects.get(key)).map(Stored::object);
  }

  @Override
  public synchronized InputStream open(ObjectKey key) {
    Stored stored = objects.get(key);
    if (stored == null) {
      throw Problem.notFound("there is no " + key, "Look at the listing.").asException();
    }
    return new ByteArrayInputStream(stored.content().array());
  }

  @Override
  public synchronized CreateOutcome create(
      ObjectKey key, byte[] content, Map<String, String> metadata) {
    Stored standing = objects.get(key);
    return standing != null
        ? new CreateOutcome.AlreadyThere(standing.object())
        : new CreateOutcome.Created(put(key, content, metadata));
  }

  @Override
  public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
    var buffer = new ByteArrayOutputStream();
    return new ObjectUpload() {
      @Override
      public OutputStream stream() {
        return buffer;
      }

      @Override
      public CreateOutcome complete() {
        return create(key, buffer.toByteArray(), metadata);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public synchronized Optional<String> replace(
      ObjectKey key, byte[] content, Optional<String> expectedVersion) {
    Optional<String> standing =
        Optional.ofNullable(objects.get(key)).map(stored -> stored.object().version());
    return standing.equals(expectedVersion)
        ? Optional.of(put(key, content, Map.of()).version())
        : Optional.empty();
  }

  @Override
  public synchronized List<ObjectKey> delete(Collection<ObjectKey> keys) {
    keys.forEach(objects::remove);
    return List.of();
  }

  private StoredObject put(ObjectKey key, byte[] content, Map<String, String> metadata) {
    writes++;
    var object =
        new StoredObject(
            key,
            content.length,
            clock.map(InstantSource::instant).orElse(Instant.ofEpochSecond(writes)),
            "v" + writes,
            metadata);
    objects.put(key, new Stored(object, ByteBuffer.wrap(content.clone())));
    return object;
  }

  @Override
  public String url() {
    return "memory://bucket";
  }

  @Override
  public void close() {}
}
