package io.pgbackup.doctor;

import io.pgbackup.config.StorageDialect;
import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.probe.Answer;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.probe.Condition;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/// A bucket in memory that does what S3 documents, but for the quirks it is told to have.
final class QuirkyStore implements BareStore {
  enum Quirk {
    IGNORES_IF_NONE_MATCH,
    IGNORES_IF_NONE_MATCH_OF_PARTS,
    KNOWS_NO_CONDITIONS,
    IGNORES_IF_MATCH,
    TAKES_DAMAGED_BODIES,
    IGNORES_CRC32C,
    REFUSES_CRC32C,
    READS_STALE,
    LISTS_LATE,
    KNOWS_NO_BATCH_DELETE,
    KEEPS_VERSIONS,
    KNOWS_NO_LOCK,
    KNOWS_NO_PARTS
  }

  enum Request {
    LIST,
    READ,
    PUT,
    DELETE,
    ABORT,
    BUCKET
  }

  private final Set<Quirk> quirks = EnumSet.noneOf(Quirk.class);
  private final TreeMap<String, byte[]> objects = new TreeMap<>();
  private final Map<String, byte[]> uploads = new HashMap<>();
  private BiPredicate<Request, String> forbidden = (_, _) -> false;
  private Optional<Answer<?>> always = Optional.empty();
  private Instant now = Instant.EPOCH;
  private int count;
  private StorageDialect dialect = StorageDialect.DEFAULT;

  QuirkyStore configured(StorageDialect as) {
    dialect = as;
    return this;
  }

  QuirkyStore with(Quirk quirk) {
    quirks.add(quirk);
    return this;
  }

  /// @param which given the request and the key, the prefix of a listing, or nothing
  QuirkyStore forbidding(BiPredicate<Request, String> which) {
    forbidden = which;
    return this;
  }

  /// Every request is answered so.
  QuirkyStore answering(int status, String code) {
    always = Optional.of(new Answer<>(status, code, "", Optional.of(now), Optional.empty()));
    return this;
  }

  QuirkyStore at(Instant time) {
    now = time;
    return this;
  }

  QuirkyStore holding(String key) {
    objects.put(key, new byte[] {1});
    return this;
  }

  Set<String> keys() {
    return Set.copyOf(objects.keySet());
  }

  Set<String> openUploads() {
    return Set.copyOf(uploads.keySet());
  }

  private <T> Answer<T> refused(int status, String code) {
    return new Answer<>(status, code, "", Optional.of(now), Optional.empty());
  }

  private <T> Answer<T> done(T value) {
    return new Answer<>(200, "", "", Optional.of(now), Optional.of(value));
  }

  private <T> Optional<Answer<T>> refusal(Request request, String key) {
    if (always.isPresent()) {
      return Optional.of(refused(always.get().status(), always.get().code()));
    }
    return forbidden.test(request, key)
        ? Optional.of(refused(403, "AccessDenied"))
        : Optional.empty();
  }

  private static String tag(byte[] content) {
    return "\"" + Arrays.hashCode(content) + "\"";
  }

  @Override
  public Answer<Map<String, String>> list(String keyPrefix, String after) {
    Optional<Answer<Map<String, String>>> refusal = refusal(Request.LIST, keyPrefix);
    return refusal.orElseGet(
        () -> {
          Map<String, String> found = new LinkedHashMap<>();
          objects.forEach(
              (key, content) -> {
                if (key.startsWith(keyPrefix) && key.compareTo(after) > 0 && found.size() < 1000) {
                  found.put(key, quirks.contains(Quirk.LISTS_LATE) ? "\"old\"" : tag(content));
                }
              });
          return done(found);
        });
  }

  @Override
  public Answer<String> head(ObjectKey key) {
    Optional<Answer<String>> refusal = refusal(Request.READ, key.value());
    return refusal.orElseGet(
        () ->
            objects.containsKey(key.value())
                ? done(tag(objects.get(key.value())))
                : refused(404, "status 404"));
  }

  @Override
  public Answer<byte[]> get(ObjectKey key) {
    Optional<Answer<byte[]>> refusal = refusal(Request.READ, key.value());
    return refusal.orElseGet(
        () ->
            objects.containsKey(key.value())
                ? done(
                    quirks.contains(Quirk.READS_STALE) ? new byte[] {0} : objects.get(key.value()))
                : refused(404, "NoSuchKey"));
  }

  @Override
  public Answer<Written> put(ObjectKey key, byte[] content, Condition condition) {
    Optional<Answer<Written>> refusal = refusal(Request.PUT, key.value());
    if (refusal.isPresent()) {
      return refusal.get();
    }
    if (!knows(dialect.checksum())) {
      return refused(501, "NotImplemented");
    }
    if (!(condition instanceof Condition.Any) && quirks.contains(Quirk.KNOWS_NO_CONDITIONS)) {
      return refused(501, "NotImplemented");
    }
    byte[] standing = objects.get(key.value());
    boolean holds =
        switch (condition) {
          case Condition.Any() -> true;
          case Condition.Absent() ->
              standing == null || quirks.contains(Quirk.IGNORES_IF_NONE_MATCH);
          case Condition.Version(String expected) ->
              quirks.contains(Quirk.IGNORES_IF_MATCH)
                  || (standing != null && tag(standing).equals(expected));
        };
    return holds ? written(key, content) : refused(412, "PreconditionFailed");
  }

  private Answer<Written> written(ObjectKey key, byte[] content) {
    objects.put(key.value(), content);
    count++;
    return done(
        new Written(
            tag(content),
            quirks.contains(Quirk.KEEPS_VERSIONS) ? Optional.of("v" + count) : Optional.empty()));
  }

  private boolean knows(Checksum checksum) {
    return checksum == Checksum.MD5 || !quirks.contains(Quirk.REFUSES_CRC32C);
  }

  @Override
  public Answer<Written> put(ObjectKey key, byte[] content, Checksum checksum) {
    Optional<Answer<Written>> refusal = refusal(Request.PUT, key.value());
    return refusal.orElseGet(
        () -> knows(checksum) ? written(key, content) : refused(501, "NotImplemented"));
  }

  @Override
  public Answer<Written> putDamaged(ObjectKey key, byte[] content, Checksum checksum) {
    Optional<Answer<Written>> refusal = refusal(Request.PUT, key.value());
    boolean ignored = checksum == Checksum.CRC32C && quirks.contains(Quirk.IGNORES_CRC32C);
    return refusal.orElseGet(
        () ->
            ignored || quirks.contains(Quirk.TAKES_DAMAGED_BODIES)
                ? written(key, content)
                : refused(400, "BadDigest"));
  }

  @Override
  public Answer<String> beginUpload(ObjectKey key) {
    Optional<Answer<String>> refusal = refusal(Request.PUT, key.value());
    if (refusal.isPresent()) {
      return refusal.get();
    }
    if (quirks.contains(Quirk.KNOWS_NO_PARTS)) {
      return refused(501, "NotImplemented");
    }
    String id = "upload-" + ++count;
    uploads.put(id, new byte[0]);
    return done(id);
  }

  @Override
  public Answer<String> uploadPart(ObjectKey key, String upload, byte[] content) {
    uploads.put(upload, content);
    return done(tag(content));
  }

  @Override
  public Answer<Written> completeUpload(
      ObjectKey key, String upload, String tag, byte[] content, Condition condition) {
    if (condition instanceof Condition.Absent
        && objects.containsKey(key.value())
        && !quirks.contains(Quirk.IGNORES_IF_NONE_MATCH_OF_PARTS)) {
      return refused(412, "PreconditionFailed");
    }
    uploads.remove(upload);
    return written(key, content);
  }

  @Override
  public Answer<String> abortUpload(ObjectKey key, String upload) {
    Optional<Answer<String>> refusal = refusal(Request.ABORT, key.value());
    return refusal.orElseGet(
        () -> {
          uploads.remove(upload);
          return done(upload);
        });
  }

  @Override
  public Answer<Map<ObjectKey, String>> delete(List<ObjectKey> keys) {
    if (!dialect.batchDelete()) {
      return deleteOneByOne(keys);
    }
    return quirks.contains(Quirk.KNOWS_NO_BATCH_DELETE)
        ? refused(501, "NotImplemented")
        : deleteOneByOne(keys);
  }

  @Override
  public Answer<Map<ObjectKey, String>> deleteOneByOne(List<ObjectKey> keys) {
    Map<ObjectKey, String> refused = new LinkedHashMap<>();
    for (ObjectKey key : keys) {
      if (forbidden.test(Request.DELETE, key.value())) {
        refused.put(key, "AccessDenied");
      } else {
        objects.remove(key.value());
      }
    }
    return done(refused);
  }

  @Override
  public Answer<String> versioning() {
    Optional<Answer<String>> refusal = refusal(Request.BUCKET, "");
    return refusal.orElseGet(() -> done(quirks.contains(Quirk.KEEPS_VERSIONS) ? "Enabled" : "off"));
  }

  @Override
  public Answer<String> objectLock() {
    Optional<Answer<String>> refusal = refusal(Request.BUCKET, "");
    return refusal.orElseGet(
        () ->
            quirks.contains(Quirk.KNOWS_NO_LOCK)
                ? refused(404, "ObjectLockConfigurationNotFoundError")
                : done("COMPLIANCE 14 days"));
  }

  @Override
  public String where() {
    return "bucket 'backups' in memory";
  }

  @Override
  public void close() {}
}
