package io.pgbackup.store.s3;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.UnfinishedUpload;
import io.pgbackup.store.VersionedStore;
import io.pgbackup.telemetry.StoreTraffic;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;

/// A bucket of AWS S3, MinIO or Cloudflare R2. The store must answer 412 to `If-None-Match: *`
/// where an object exists, on PutObject and CompleteMultipartUpload: nothing else keeps objects
/// from being overwritten.
public final class S3ObjectStore implements ObjectStore {
  private static final int DELETE_AT_ONCE = 1000;

  private static final Duration PROBE = Duration.ofSeconds(5);

  /// How long an upload waits for another credential where the store is not [#patient] anyway.
  private static final Duration CREDENTIAL_PATIENCE = Duration.ofMinutes(1);

  private final String url;
  private final S3Client client;
  private final S3Failures failures;
  private final S3Bucket bucket;
  private final S3Tuning tuning;
  private final PartBuffers buffers;
  private final boolean r2;
  private final boolean batchDelete;
  private final ExecutorService senders;

  /// Whether the rest is another store's, which closes it.
  private final boolean view;

  private S3ObjectStore(
      StorageConfig storage, StoreCredentials credentials, S3Tuning tuning, StoreTraffic traffic) {
    String name = bucketName(storage.url());
    this.url = "s3://" + name;
    this.client = S3Clients.client(storage, credentials, tuning, traffic);
    this.failures =
        new S3Failures(
            name,
            storage.endpoint().map(URI::toString).orElse("AWS " + storage.region()),
            credentials,
            () -> probe(name));
    this.bucket = new S3Bucket(client, name, failures, new BodyCheck(storage.dialect().checksum()));
    this.r2 = storage.endpoint().map(URI::getHost).filter(S3ObjectStore::isR2).isPresent();
    this.batchDelete = storage.dialect().batchDelete();
    this.tuning = tuning;
    this.buffers = new PartBuffers(tuning.partSize(), tuning.partBuffers());
    this.view = false;
    this.senders =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("part-upload-", 0).factory());
  }

  private S3ObjectStore(S3ObjectStore same, Duration patience) {
    this.url = same.url;
    this.client = same.client;
    this.failures = same.failures.patient(patience);
    this.bucket = same.bucket.with(failures);
    this.r2 = same.r2;
    this.batchDelete = same.batchDelete;
    this.tuning = same.tuning;
    this.buffers = same.buffers;
    this.senders = same.senders;
    this.view = true;
  }

  /// Sends nothing yet.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if the URL has no bucket or
  ///   `caFile` cannot be read
  public static S3ObjectStore open(StorageConfig storage) {
    return open(storage, S3Tuning.DEFAULT);
  }

  /// @param credentials instead of those that the configuration names
  /// @param traffic is told of every request
  public static S3ObjectStore open(
      StorageConfig storage, StoreCredentials credentials, StoreTraffic traffic) {
    return open(storage, credentials, S3Tuning.DEFAULT, traffic);
  }

  static S3ObjectStore open(StorageConfig storage, S3Tuning tuning) {
    return open(storage, StoreCredentials.of(storage), tuning);
  }

  static S3ObjectStore open(StorageConfig storage, StoreCredentials credentials, S3Tuning tuning) {
    return open(storage, credentials, tuning, new StoreTraffic());
  }

  static S3ObjectStore open(
      StorageConfig storage, StoreCredentials credentials, S3Tuning tuning, StoreTraffic traffic) {
    return new S3ObjectStore(storage, credentials, tuning, traffic);
  }

  private static boolean isR2(String host) {
    return host.endsWith(".r2.cloudflarestorage.com");
  }

  // Not the URI's host: that is undefined for names with an underscore.
  static String bucketName(URI url) {
    String name = Optional.ofNullable(url.getRawAuthority()).orElse("");
    String path = Optional.ofNullable(url.getRawPath()).orElse("");
    if (name.isEmpty() || !(path.isEmpty() || path.equals("/"))) {
      throw Problem.misconfigured(
              "'" + url + "' is not a bucket's URL",
              "Use s3://bucket; a folder in it belongs in storage.prefix.")
          .asException();
    }
    return name;
  }

  private void probe(String name) {
    var _ =
        client.listObjectsV2(
            request ->
                request
                    .bucket(name)
                    .maxKeys(1)
                    .overrideConfiguration(settings -> settings.apiCallTimeout(PROBE)));
  }

  @Override
  public Stream<StoredObject> list(String keyPrefix) {
    return new S3Listing(bucket).objects(keyPrefix);
  }

  @Override
  public Stream<StoredObject> listAfter(String keyPrefix, String after) {
    return new S3Listing(bucket).objectsAfter(keyPrefix, after);
  }

  @Override
  public Stream<StoredObject> objects(StoreFolder parent, String namePrefix) {
    return new S3Listing(bucket).objectsDirectlyIn(parent, namePrefix);
  }

  @Override
  public List<StoreFolder> folders(StoreFolder parent) {
    return new S3Listing(bucket).folders(parent);
  }

  @Override
  public FolderListing folders(StoreFolder parent, int most) {
    return new S3Listing(bucket).folders(parent, most);
  }

  @Override
  public Optional<StoredObject> head(ObjectKey key) {
    return bucket.head(key).map(head -> S3Bucket.object(key, head));
  }

  /// What the bucket tells of its past.
  public VersionedStore versions() {
    return new S3Versions(
        bucket,
        url,
        r2,
        version ->
            open(
                "read version %s of %s (s3:GetObjectVersion)"
                    .formatted(version.id(), version.key()),
                request(version.key()).toBuilder().versionId(version.id()).build()));
  }

  @Override
  public InputStream open(ObjectKey key) {
    return open("read " + key, request(key));
  }

  private GetObjectRequest request(ObjectKey key) {
    return GetObjectRequest.builder().bucket(bucket.name()).key(key.value()).build();
  }

  private InputStream open(String doing, GetObjectRequest get) {
    ResponseInputStream<GetObjectResponse> first = bucket.ask(doing, asked -> asked.getObject(get));
    String version = first.response().eTag();
    return new S3Download(
        doing,
        failures,
        first,
        position ->
            client.getObject(
                get.toBuilder().range("bytes=" + position + "-").ifMatch(version).build()));
  }

  @Override
  public CreateOutcome create(ObjectKey key, byte[] content, Map<String, String> metadata) {
    return create(key, content, content.length, metadata);
  }

  @Override
  public CreateOutcome create(
      ObjectKey key, byte[] content, int length, Map<String, String> metadata) {
    return bucket.create(key, new Content(content, length), metadata, Duration.ZERO);
  }

  @Override
  public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
    return new S3Upload(
        bucket, buffers, senders, tuning.partThreads(), CREDENTIAL_PATIENCE, key, metadata);
  }

  @Override
  public Optional<String> replace(ObjectKey key, byte[] content, Optional<String> expectedVersion) {
    return bucket.replace(key, new Content(content, content.length), expectedVersion);
  }

  @Override
  public List<ObjectKey> delete(Collection<ObjectKey> keys) {
    return List.copyOf(deleteOrExplain(keys).keySet());
  }

  @Override
  public Map<ObjectKey, String> deleteOrExplain(Collection<ObjectKey> keys) {
    List<ObjectKey> all = keys.stream().distinct().toList();
    Map<ObjectKey, String> refused = new LinkedHashMap<>();
    if (!batchDelete) {
      all.forEach(key -> bucket.delete(key).ifPresent(reason -> refused.put(key, reason)));
      return refused;
    }
    for (int from = 0; from < all.size(); from += DELETE_AT_ONCE) {
      deleteAtOnce(all.subList(from, Math.min(from + DELETE_AT_ONCE, all.size())), refused);
    }
    return refused;
  }

  // The answer is 200 even where every single key was refused.
  private void deleteAtOnce(List<ObjectKey> keys, Map<ObjectKey, String> refused) {
    List<ObjectIdentifier> objects =
        keys.stream().map(key -> ObjectIdentifier.builder().key(key.value()).build()).toList();
    bucket
        .ask(
            "delete " + keys.size() + " objects from " + keys.getFirst() + " on",
            asked ->
                asked.deleteObjects(
                    request ->
                        request
                            .bucket(bucket.name())
                            .delete(delete -> delete.objects(objects).quiet(true))))
        .errors()
        .stream()
        .filter(error -> !"NoSuchKey".equals(error.code()))
        .forEach(error -> refused.put(new ObjectKey(error.key()), words(error)));
  }

  private static String words(S3Error error) {
    return Stream.of(error.code(), error.message())
        .filter(text -> text != null && !text.isBlank())
        .collect(Collectors.joining(": "));
  }

  @Override
  public List<UnfinishedUpload> unfinishedUploads(StoreFolder folder) {
    return new S3Uploads(bucket).in(folder);
  }

  @Override
  public void abort(UnfinishedUpload upload) {
    new S3Uploads(bucket).abort(upload);
  }

  @Override
  public ObjectStore patient(Duration patience) {
    return new S3ObjectStore(this, patience);
  }

  @Override
  public String url() {
    return url;
  }

  @Override
  public void close() {
    if (!view) {
      senders.close();
      client.close();
    }
  }
}
