package io.pgbackup.store.past;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.ObjectVersion;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.VersionedStore;
import io.pgbackup.store.VersionedStore.Keeping;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A bucket as it stood at an instant: of each object the newest version that was written by then,
/// and nothing where it had been deleted. Whatever was written over, deleted or planted later does
/// not exist here. Nothing can be written.
///
/// A listing reads all versions of what it lists, so it costs as many requests as there are
/// thousands of versions; a folder among others costs one more, which looks whether anything was in
/// it by then. Memory is bounded: a page, and the last 16384 objects that were looked up.
///
/// Thread-safe.
public final class PastStore implements ObjectStore {
  private static final int REMEMBERED = 16_384;

  private final ObjectStore live;
  private final VersionedStore versions;
  private final Instant instant;
  private final Keeping keeping;
  private final ChangeLog log = new ChangeLog();
  private final Map<ObjectKey, Optional<ObjectVersion>> known =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true);
  private volatile boolean versionSeen;

  /// @param live closed with this one
  /// @throws PgBackupException `Refused` if the store keeps no versions
  public PastStore(ObjectStore live, VersionedStore versions, Instant instant) {
    this.live = live;
    this.versions = versions;
    this.instant = instant;
    this.keeping = versions.keeping();
  }

  /// The bucket as it is now.
  public ObjectStore live() {
    return live;
  }

  public Instant instant() {
    return instant;
  }

  /// Whether versions are still kept.
  public Keeping keeping() {
    return keeping;
  }

  /// What happened, since then and before, to the objects that were looked at so far.
  public Changes changes() {
    return log.changes();
  }

  @Override
  public Stream<StoredObject> list(String keyPrefix) {
    return standing(keyPrefix, versions.versions(keyPrefix));
  }

  @Override
  public Stream<StoredObject> objects(StoreFolder parent, String namePrefix) {
    return standing(parent.path() + namePrefix, versions.versions(parent, namePrefix));
  }

  private Stream<StoredObject> standing(String prefix, Stream<ObjectVersion> all) {
    return all.gather(histories(prefix))
        .flatMap(history -> history.standing().stream())
        .map(
            version ->
                new StoredObject(
                    version.key(), version.size(), version.written(), version.tag(), Map.of()));
  }

  private Gatherer<ObjectVersion, ?, KeyHistory> histories(String prefix) {
    return Gatherer.ofSequential(
        Grouping::new,
        Gatherer.Integrator.of(
            (group, version, downstream) -> {
              versionSeen |= version.isVersioned();
              KeyHistory finished = group.add(version);
              boolean more = finished == null || downstream.push(remembered(finished));
              if (!more) {
                // Nobody wants the rest, so what was begun stays unknown.
                group.current = null;
              }
              return more;
            }),
        (group, downstream) -> {
          if (group.current != null) {
            requireVersions(prefix);
            downstream.push(remembered(group.current));
          }
        });
  }

  private final class Grouping {
    private @Nullable KeyHistory current;

    /// @return the history that this version ends, because it is another object's
    @Nullable KeyHistory add(ObjectVersion version) {
      KeyHistory finished = null;
      KeyHistory history = current;
      if (history == null || !history.key().equals(version.key())) {
        finished = history;
        history = new KeyHistory(version.key(), instant);
        current = history;
      }
      history.add(version);
      return finished;
    }
  }

  /// Where the bucket does not say whether it keeps versions, it does as soon as one is seen.
  private void requireVersions(String prefix) {
    if (keeping == Keeping.UNKNOWN && !versionSeen) {
      throw Problem.refused(
              "%s seems to keep no versions: nothing in %s has one".formatted(url(), prefix),
              "What was overwritten or deleted is gone; leave --as-of out. docs/immutability.md says"
                  + " how to keep versions from now on.")
          .asException();
    }
  }

  private KeyHistory remembered(KeyHistory history) {
    log.add(history);
    remember(history.key(), history.standing());
    return history;
  }

  private void remember(ObjectKey key, Optional<ObjectVersion> standing) {
    synchronized (known) {
      known.put(key, standing);
      if (known.size() > REMEMBERED) {
        known.remove(known.keySet().iterator().next());
      }
    }
  }

  private Optional<ObjectVersion> find(ObjectKey key) {
    synchronized (known) {
      Optional<ObjectVersion> found = known.get(key);
      if (found != null) {
        return found;
      }
    }
    KeyHistory history = new KeyHistory(key, instant);
    // Of all keys that begin with this one, itself comes first.
    try (Stream<ObjectVersion> all = versions.versions(key.value())) {
      all.takeWhile(version -> version.key().equals(key)).forEach(history::add);
    }
    return remembered(history).standing();
  }

  @Override
  public List<StoreFolder> folders(StoreFolder parent) {
    return folders(parent, Integer.MAX_VALUE).folders();
  }

  @Override
  public FolderListing folders(StoreFolder parent, int most) {
    FolderListing ever = versions.foldersEver(parent, most);
    List<StoreFolder> then = new ArrayList<>();
    for (StoreFolder folder : ever.folders()) {
      try (Stream<StoredObject> objects = list(folder.path())) {
        if (objects.findFirst().isPresent()) {
          then.add(folder);
        }
      }
    }
    return new FolderListing(then, ever.pages() + ever.folders().size(), ever.complete());
  }

  @Override
  public Optional<StoredObject> head(ObjectKey key) {
    return find(key).flatMap(version -> versions.head(key, version.id()));
  }

  @Override
  public InputStream open(ObjectKey key) {
    ObjectVersion version =
        find(key)
            .orElseThrow(
                () ->
                    Problem.notFound(
                            "%s did not exist in %s at %s".formatted(key, url(), instant),
                            "List what was there, or choose another --as-of.")
                        .asException());
    return versions.open(key, version.id());
  }

  @Override
  public CreateOutcome create(ObjectKey key, byte[] content, Map<String, String> metadata) {
    throw readOnly(key);
  }

  @Override
  public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
    throw readOnly(key);
  }

  @Override
  public Optional<String> replace(ObjectKey key, byte[] content, Optional<String> expectedVersion) {
    throw readOnly(key);
  }

  @Override
  public List<ObjectKey> delete(Collection<ObjectKey> keys) {
    if (keys.isEmpty()) {
      return List.of();
    }
    throw readOnly(keys.iterator().next());
  }

  private PgBackupException readOnly(ObjectKey key) {
    return Problem.refused(
            "%s is read as it stood at %s, so %s cannot be changed".formatted(url(), instant, key),
            "Leave --as-of out to work with the bucket as it is now.")
        .asException();
  }

  /// That of the bucket, which is the same one.
  @Override
  public String url() {
    return live.url();
  }

  @Override
  public void close() {
    live.close();
  }
}
