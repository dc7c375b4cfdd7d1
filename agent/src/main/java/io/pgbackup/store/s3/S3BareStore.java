package io.pgbackup.store.s3;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.StorageDialect;
import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.probe.Answer;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.probe.Condition;
import io.pgbackup.telemetry.StoreTraffic;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.DefaultRetention;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.ObjectLockConfiguration;
import software.amazon.awssdk.services.s3.model.ObjectLockRule;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Response;

/// A bucket in S3, asked with the very client that the store uses, but for its patience.
public final class S3BareStore implements BareStore {
  private static final S3Tuning IMPATIENT =
      new S3Tuning(5 << 20, 1, 1, 2, Duration.ofMillis(100), Duration.ofSeconds(1));

  private final S3Client client;
  private final String bucket;
  private final String where;
  private final S3Failures failures;
  private final StorageDialect dialect;
  private final BodyCheck check;

  private S3BareStore(StorageConfig storage) {
    this.bucket = S3ObjectStore.bucketName(storage.url());
    StoreCredentials credentials = StoreCredentials.of(storage);
    this.client = S3Clients.client(storage, credentials, IMPATIENT, new StoreTraffic());
    String endpoint =
        storage.endpoint().map(URI::toString).orElseGet(() -> "AWS " + storage.region());
    this.where = "bucket '" + bucket + "' at " + endpoint;
    this.dialect = storage.dialect();
    this.check = new BodyCheck(dialect.checksum());
    this.failures = new S3Failures(bucket, endpoint, credentials, () -> {});
  }

  /// Sends nothing yet.
  public static S3BareStore open(StorageConfig storage) {
    return new S3BareStore(storage);
  }

  @Override
  public Answer<Map<String, String>> list(String keyPrefix, String after) {
    return ask(
        "list '" + keyPrefix + "'",
        () ->
            client.listObjectsV2(
                request -> {
                  request.bucket(bucket).prefix(keyPrefix);
                  if (!after.isEmpty()) {
                    request.startAfter(after);
                  }
                }),
        page -> {
          Map<String, String> keys = new LinkedHashMap<>();
          page.contents().forEach(object -> keys.put(object.key(), object.eTag()));
          return keys;
        });
  }

  @Override
  public Answer<String> head(ObjectKey key) {
    return ask(
        "look up " + key,
        () -> client.headObject(request -> request.bucket(bucket).key(key.value())),
        head -> head.eTag());
  }

  @Override
  public Answer<byte[]> get(ObjectKey key) {
    return told(
        "read " + key,
        () -> {
          ResponseBytes<GetObjectResponse> bytes =
              client.getObjectAsBytes(request -> request.bucket(bucket).key(key.value()));
          return success(bytes.response(), bytes.asByteArray());
        });
  }

  @Override
  public Answer<Written> put(ObjectKey key, byte[] content, Condition condition) {
    Content body = new Content(content, content.length);
    var request = request(key, body, check);
    switch (condition) {
      case Condition.Absent() -> request.ifNoneMatch("*");
      case Condition.Version(String tag) -> request.ifMatch(tag);
      case Condition.Any() -> {}
    }
    return put(key, request.build(), body);
  }

  @Override
  public Answer<Written> put(ObjectKey key, byte[] content, Checksum checksum) {
    Content body = new Content(content, content.length);
    return put(key, request(key, body, new BodyCheck(checksum)).build(), body);
  }

  @Override
  public Answer<Written> putDamaged(ObjectKey key, byte[] content, Checksum checksum) {
    Content body = new Content(content, content.length);
    byte[] other = content.clone();
    other[0] ^= 1;
    Content checked = new Content(other, other.length);
    return put(key, request(key, checked, new BodyCheck(checksum)).build(), body);
  }

  private PutObjectRequest.Builder request(ObjectKey key, Content checked, BodyCheck how) {
    PutObjectRequest.Builder request = PutObjectRequest.builder().bucket(bucket).key(key.value());
    how.of(request, checked);
    return request;
  }

  private Answer<Written> put(ObjectKey key, PutObjectRequest request, Content body) {
    return ask("write " + key, () -> client.putObject(request, body.body()), S3BareStore::written);
  }

  private static Written written(PutObjectResponse stored) {
    return new Written(stored.eTag(), Optional.ofNullable(stored.versionId()));
  }

  @Override
  public Answer<String> beginUpload(ObjectKey key) {
    return ask(
        "begin to write " + key,
        () ->
            client.createMultipartUpload(
                request -> {
                  request.bucket(bucket).key(key.value());
                  check.ofUpload(request);
                }),
        begun -> begun.uploadId());
  }

  @Override
  public Answer<String> uploadPart(ObjectKey key, String upload, byte[] content) {
    Content body = new Content(content, content.length);
    return ask(
        "write a part of " + key,
        () ->
            client.uploadPart(
                request -> {
                  request.bucket(bucket).key(key.value()).uploadId(upload).partNumber(1);
                  check.of(request, body);
                },
                body.body()),
        part -> part.eTag());
  }

  @Override
  public Answer<Written> completeUpload(
      ObjectKey key, String upload, String tag, byte[] content, Condition condition) {
    CompletedPart part = check.part(1, tag, new Content(content, content.length));
    return ask(
        "complete " + key,
        () ->
            client.completeMultipartUpload(
                request -> {
                  request
                      .bucket(bucket)
                      .key(key.value())
                      .uploadId(upload)
                      .multipartUpload(all -> all.parts(part));
                  if (condition instanceof Condition.Absent) {
                    request.ifNoneMatch("*");
                  }
                }),
        stored -> new Written(stored.eTag(), Optional.ofNullable(stored.versionId())));
  }

  @Override
  public Answer<String> abortUpload(ObjectKey key, String upload) {
    return ask(
        "abort the upload of " + key,
        () ->
            client.abortMultipartUpload(
                request -> request.bucket(bucket).key(key.value()).uploadId(upload)),
        _ -> upload);
  }

  @Override
  public Answer<Map<ObjectKey, String>> deleteOneByOne(List<ObjectKey> keys) {
    Map<ObjectKey, String> refused = new LinkedHashMap<>();
    Answer<Map<ObjectKey, String>> last = deleteOne(keys.getFirst(), refused);
    for (ObjectKey key : keys.subList(1, keys.size())) {
      if (last.ok()) {
        last = deleteOne(key, refused);
      }
    }
    return last;
  }

  /// @param refused what is answered; grows by the key if it may not be deleted
  private Answer<Map<ObjectKey, String>> deleteOne(ObjectKey key, Map<ObjectKey, String> refused) {
    Answer<Map<ObjectKey, String>> answer =
        ask(
            "delete " + key,
            () -> client.deleteObject(request -> request.bucket(bucket).key(key.value())),
            _ -> refused);
    if (!answer.isForbidden()) {
      return answer;
    }
    refused.put(key, answer.code());
    return new Answer<>(200, "", "", answer.at(), Optional.of(refused));
  }

  @Override
  public Answer<Map<ObjectKey, String>> delete(List<ObjectKey> keys) {
    if (!dialect.batchDelete()) {
      return deleteOneByOne(keys);
    }
    List<ObjectIdentifier> objects =
        keys.stream().map(key -> ObjectIdentifier.builder().key(key.value()).build()).toList();
    return ask(
        "delete " + keys.size() + " objects",
        () ->
            client.deleteObjects(
                request -> request.bucket(bucket).delete(all -> all.objects(objects).quiet(true))),
        done -> {
          Map<ObjectKey, String> refused = new LinkedHashMap<>();
          done.errors().forEach(error -> refused.put(new ObjectKey(error.key()), error.code()));
          return refused;
        });
  }

  @Override
  public Answer<String> versioning() {
    return ask(
        "ask for versioning",
        () -> client.getBucketVersioning(request -> request.bucket(bucket)),
        bucketVersioning -> Optional.ofNullable(bucketVersioning.statusAsString()).orElse("off"));
  }

  @Override
  public Answer<String> objectLock() {
    return ask(
        "ask for the object lock",
        () -> client.getObjectLockConfiguration(request -> request.bucket(bucket)),
        lock ->
            Optional.ofNullable(lock.objectLockConfiguration())
                .map(ObjectLockConfiguration::rule)
                .map(ObjectLockRule::defaultRetention)
                .map(S3BareStore::retention)
                .orElse("none"));
  }

  private static String retention(DefaultRetention retention) {
    return retention.modeAsString()
        + (retention.days() != null
            ? " " + retention.days() + " days"
            : " " + retention.years() + " years");
  }

  private <R extends S3Response, T> Answer<T> ask(
      String doing, Supplier<R> request, Function<R, T> value) {
    return told(
        doing,
        () -> {
          R response = request.get();
          return success(response, value.apply(response));
        });
  }

  private <T> Answer<T> told(String doing, Supplier<Answer<T>> request) {
    try {
      return request.get();
    } catch (S3Exception e) {
      return refusal(e);
    } catch (SdkException e) {
      throw failures.of(doing, e);
    }
  }

  private static <T> Answer<T> success(S3Response response, T value) {
    SdkHttpResponse http = response.sdkHttpResponse();
    return new Answer<>(http.statusCode(), "", "", date(http), Optional.of(value));
  }

  private static <T> Answer<T> refusal(S3Exception e) {
    Optional<AwsErrorDetails> details = Optional.ofNullable(e.awsErrorDetails());
    return new Answer<>(
        e.statusCode(),
        S3Failures.code(e),
        details.map(AwsErrorDetails::errorMessage).orElse(""),
        details.map(AwsErrorDetails::sdkHttpResponse).flatMap(S3BareStore::date),
        Optional.empty());
  }

  private static Optional<Instant> date(SdkHttpResponse http) {
    return http.firstMatchingHeader("Date")
        .flatMap(
            date -> {
              try {
                return Optional.of(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from));
              } catch (DateTimeParseException _) {
                return Optional.empty();
              }
            });
  }

  @Override
  public String where() {
    return where;
  }

  @Override
  public void close() {
    client.close();
  }
}
