package io.pgbackup.telemetry;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.UnfinishedUpload;
import io.pgbackup.telemetry.StoreHealth.Operation;
import java.io.InputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A store that tells [StoreHealth] what became of each request and [StoreTraffic] how many bytes
/// passed, and otherwise is the store behind it.
public final class ObservedStore implements ObjectStore {
  private final ObjectStore store;
  private final StoreHealth health;
  private final StoreTraffic traffic;

  public ObservedStore(ObjectStore store, StoreHealth health, StoreTraffic traffic) {
    this.store = store;
    this.health = health;
    this.traffic = traffic;
  }

  @Override
  public Stream<StoredObject> list(String keyPrefix) {
    return observed(() -> store.list(keyPrefix));
  }

  @Override
  public Stream<StoredObject> listAfter(String keyPrefix, String after) {
    return observed(() -> store.listAfter(keyPrefix, after));
  }

  @Override
  public Stream<StoredObject> objects(StoreFolder parent, String namePrefix) {
    return observed(() -> store.objects(parent, namePrefix));
  }

  private Stream<StoredObject> observed(Supplier<Stream<StoredObject>> listing) {
    Stream<StoredObject> objects = health.watch(Operation.LIST, listing);
    return StreamSupport.stream(new Pages(objects.spliterator()), false).onClose(objects::close);
  }

  @Override
  public List<StoreFolder> folders(StoreFolder parent) {
    return health.watch(Operation.LIST, () -> store.folders(parent));
  }

  @Override
  public FolderListing folders(StoreFolder parent, int most) {
    return health.watch(Operation.LIST, () -> store.folders(parent, most));
  }

  @Override
  public Optional<StoredObject> head(ObjectKey key) {
    return health.watch(Operation.READ, () -> store.head(key));
  }

  @Override
  public InputStream open(ObjectKey key) {
    return new CountedInput(health.watch(Operation.READ, () -> store.open(key)), traffic);
  }

  @Override
  public CreateOutcome create(ObjectKey key, byte[] content, Map<String, String> metadata) {
    return create(key, content, content.length, metadata);
  }

  @Override
  public CreateOutcome create(
      ObjectKey key, byte[] content, int length, Map<String, String> metadata) {
    CreateOutcome outcome =
        health.watch(Operation.WRITE, () -> store.create(key, content, length, metadata));
    traffic.sent(length);
    return outcome;
  }

  @Override
  public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
    return new ObservedUpload(
        health.watch(Operation.WRITE, () -> store.upload(key, metadata)), health, traffic);
  }

  @Override
  public Optional<String> replace(ObjectKey key, byte[] content, Optional<String> expectedVersion) {
    Optional<String> version =
        health.watch(Operation.WRITE, () -> store.replace(key, content, expectedVersion));
    traffic.sent(content.length);
    return version;
  }

  @Override
  public List<ObjectKey> delete(Collection<ObjectKey> keys) {
    return store.delete(keys);
  }

  @Override
  public Map<ObjectKey, String> deleteOrExplain(Collection<ObjectKey> keys) {
    return store.deleteOrExplain(keys);
  }

  /// That a credential may not list them says nothing about the store's health.
  @Override
  public List<UnfinishedUpload> unfinishedUploads(StoreFolder folder) {
    return store.unfinishedUploads(folder);
  }

  @Override
  public void abort(UnfinishedUpload upload) {
    store.abort(upload);
  }

  @Override
  public ObjectStore patient(Duration patience) {
    return new ObservedStore(store.patient(patience), health, traffic);
  }

  @Override
  public String url() {
    return store.url();
  }

  @Override
  public void close() {
    store.close();
  }

  /// A listing is fetched page by page while it is read, so that it may fail under way.
  private final class Pages extends AbstractSpliterator<StoredObject> {
    private final Spliterator<StoredObject> source;

    Pages(Spliterator<StoredObject> source) {
      super(source.estimateSize(), source.characteristics() & ~Spliterator.SORTED);
      this.source = source;
    }

    @Override
    public boolean tryAdvance(Consumer<? super StoredObject> action) {
      boolean more;
      try {
        more = source.tryAdvance(action);
      } catch (PgBackupException e) {
        health.failed(Operation.LIST, e.problem());
        throw e;
      }
      if (!more) {
        health.answered(Operation.LIST);
      }
      return more;
    }
  }
}
