package io.pgbackup.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.config.StorageDialect;
import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.credentials.CredentialState;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.probe.Answer;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.probe.BareStore.Written;
import io.pgbackup.store.probe.Condition;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// What an S3 store does, tried on a few small objects: the differences between stores that call
/// themselves S3.
final class StoreDialect {
  private static final Duration NOTICEABLE = Duration.ofSeconds(10);
  private static final Duration GRAVE = Duration.ofMinutes(5);
  private static final String CHANGE_STORE =
      "Use a store that does what S3 documents: AWS S3, Cloudflare R2, or a current MinIO.";

  private final BareStore store;
  private final Optional<URI> endpoint;
  private final StorageDialect configured;
  private final ProbeKeys keys;
  private final CredentialState credential;
  private final InstantSource clock;
  private final String run = UUID.randomUUID().toString();
  private Optional<Boolean> createOnly = Optional.empty();
  private Optional<Boolean> createOnlyParts = Optional.empty();
  private Optional<Boolean> replaceIfMatch = Optional.empty();
  private Optional<Boolean> checksums = Optional.empty();
  private Optional<Checksum> fitting = Optional.empty();
  private boolean takesNothing;
  private Optional<Boolean> batchDelete = Optional.empty();
  private Optional<Boolean> versions = Optional.empty();
  private Optional<String> lock = Optional.empty();

  /// @param endpoint empty for AWS
  /// @param configured what is said of the store
  /// @param credential what its document says
  StoreDialect(
      BareStore store,
      Optional<URI> endpoint,
      StorageDialect configured,
      ProbeKeys keys,
      CredentialState credential,
      InstantSource clock) {
    this.credential = credential;
    this.store = store;
    this.endpoint = endpoint;
    this.configured = configured;
    this.keys = keys;
    this.clock = clock;
  }

  CheckGroup group() {
    return CheckGroup.of(
        Group.STORAGE,
        List.of(
            Check.gate("reachable", this::reachable),
            Check.gate("credentials", this::credentials),
            Check.of("clock", this::clock),
            Check.of("checksums", this::checksums),
            Check.of("create-only", this::createOnly),
            Check.of("replace-if-match", this::replaceIfMatch),
            Check.of("read-after-write", this::readAfterWrite),
            Check.of("multipart", this::multipart),
            Check.of("batch-delete", this::batchDelete),
            Check.of("versioning", this::versioning),
            Check.of("object-lock", this::objectLock)));
  }

  StorageProfile profile() {
    return new StorageProfile(
        createOnly,
        createOnlyParts,
        replaceIfMatch,
        checksums,
        batchDelete,
        versions,
        lock,
        new StorageProfile.Dialect(fitting.map(StoreDialect::word), batchDelete));
  }

  private Answer<Map<String, String>> listing() {
    return store.list(keys.cluster().path());
  }

  private Outcome reachable() {
    Answer<?> answer = listing();
    if (answer.code().equals("NoSuchBucket")) {
      return Outcome.fail(
          Problem.notFound(
              store.where() + " does not exist",
              "Create it, or correct storage.url and storage.endpoint."));
    }
    if (answer.status() == 301 || answer.status() == 307) {
      return Outcome.fail(
          Problem.misconfigured(
              store.where() + " lies in another region, it answers " + answer.words(),
              "Correct storage.region."));
    }
    boolean s3 = answer.ok() || answer.status() == 403 || answer.status() == 401;
    if (!s3 && !answer.isStranger() && !answer.isSkewed()) {
      return Outcome.fail(
          Problem.storageFailed(
              "%s answers a listing with %s %s"
                  .formatted(store.where(), answer.words(), answer.message())
                  .strip(),
              "Check storage.url, storage.endpoint, storage.region and storage.pathStyle."));
    }
    return isPlain()
        ? Outcome.warn(
            store.where() + " answers, without TLS",
            "Use an endpoint with https: over http anybody on the way reads the data.")
        : Outcome.pass(store.where() + " answers" + (isSecured() ? " over TLS" : ""));
  }

  private boolean isSecured() {
    return endpoint.isEmpty() || "https".equals(endpoint.get().getScheme());
  }

  private boolean isPlain() {
    return !isSecured()
        && endpoint
            .map(URI::getHost)
            .map(
                host ->
                    !host.equals("localhost") && !host.startsWith("127.") && !host.equals("[::1]"))
            .orElse(true);
  }

  private Outcome credentials() {
    Answer<?> answer = listing();
    if (answer.isSkewed()) {
      return Outcome.fail(clockProblem("the store refuses requests for their time"));
    }
    if (answer.isStranger()) {
      String expired =
          credential
              .expiration()
              .filter(_ -> credential.expired())
              .map(end -> "; it expired at " + end)
              .orElse("");
      return Outcome.fail(
          Problem.storageFailed(
              "the store does not accept the credential: " + answer.words() + expired,
              "Check the access key and its secret. A temporary one may have expired: issue a new"
                  + " one."));
    }
    if (credential.problem().isPresent()) {
      Problem problem = credential.problem().get();
      return Outcome.warn(problem.message(), problem.hint().orElse("Issue a new one."));
    }
    return Outcome.pass(
        "the store knows the credential"
            + credential.role().map(role -> ", of role " + role.word()).orElse("")
            + credential.expiration().map(end -> ", which expires at " + end).orElse(""));
  }

  private static Problem clockProblem(String message) {
    return Problem.misconfigured(
        message, "Set this machine's clock by NTP (chrony, systemd-timesyncd).");
  }

  private Outcome clock() {
    Instant before = clock.instant();
    Optional<Instant> theirs = listing().at();
    if (theirs.isEmpty()) {
      return Outcome.skip("the store says no time");
    }
    Instant ours = before.plus(Duration.between(before, clock.instant()).dividedBy(2));
    Duration skew = Duration.between(theirs.get(), ours);
    Duration size = skew.abs();
    String found =
        // the store says whole seconds
        size.compareTo(Duration.ofSeconds(2)) < 0
            ? "this clock and the store's agree"
            : "this clock is %d s %s the store's"
                .formatted(size.toSeconds(), skew.isNegative() ? "behind" : "ahead of");
    if (size.compareTo(GRAVE) > 0) {
      return Outcome.fail(clockProblem(found + "; S3 refuses requests that are 15 minutes off"));
    }
    return size.compareTo(NOTICEABLE) > 0
        ? Outcome.warn(found, "Set this machine's clock by NTP (chrony, systemd-timesyncd).")
        : Outcome.pass(found);
  }

  private byte[] content(String what) {
    return "pgbackup doctor, %s %s%n".formatted(what, run).getBytes(UTF_8);
  }

  private static Outcome mayNotPut(Answer<?> answer) {
    return Outcome.skip("not tried: the credential may not put here (" + answer.words() + ")");
  }

  private static Outcome takesNothing() {
    return Outcome.skip("not tried: the store takes no PUT as it is configured, see checksums");
  }

  private Outcome createOnly() {
    if (takesNothing) {
      return takesNothing();
    }
    Answer<Written> first = store.put(keys.lease(), content("first"), Condition.ABSENT);
    if (first.isForbidden()) {
      return mayNotPut(first);
    }
    noteVersion(first);
    if (!first.ok() && !first.isPrecondition()) {
      createOnly = Optional.of(false);
      return Outcome.fail(unknownCondition("If-None-Match: *", first));
    }
    Answer<Written> second = store.put(keys.lease(), content("second"), Condition.ABSENT);
    createOnly = Optional.of(second.isPrecondition());
    if (second.isPrecondition()) {
      return Outcome.pass("a second PUT with If-None-Match: * is refused with 412");
    }
    if (second.ok()) {
      return Outcome.fail(overwrites("PUT"));
    }
    return Outcome.fail(unknownCondition("If-None-Match: *", second));
  }

  private static Problem overwrites(String operation) {
    return Problem.refused(
        "the store ignores If-None-Match: * on %s and overwrote an object".formatted(operation),
        "A second server could overwrite this archive. " + CHANGE_STORE);
  }

  private static Problem unknownCondition(String header, Answer<?> answer) {
    return Problem.storageFailed(
        "the store answers a PUT with %s by %s %s"
            .formatted(header, answer.words(), answer.message())
            .strip(),
        CHANGE_STORE);
  }

  private void noteVersion(Answer<Written> answer) {
    answer
        .value()
        .ifPresent(
            written ->
                versions =
                    Optional.of(written.version().filter(v -> !v.equals("null")).isPresent()));
  }

  /// What stands under the key, written where nothing does.
  private Answer<Written> standing(ObjectKey key) {
    Answer<Written> put = store.put(key, content("standing"), Condition.ANY);
    noteVersion(put);
    return put;
  }

  private Outcome replaceIfMatch() {
    Answer<Written> standing = standing(keys.lease());
    if (!standing.ok()) {
      return mayNotPut(standing);
    }
    Answer<Written> stale =
        store.put(
            keys.lease(),
            content("stale"),
            new Condition.Version("\"00000000000000000000000000000000\""));
    Answer<Written> current =
        stale.isPrecondition()
            ? store.put(
                keys.lease(),
                content("current"),
                new Condition.Version(standing.value().orElseThrow().tag()))
            : stale;
    replaceIfMatch = Optional.of(stale.isPrecondition() && current.ok());
    if (stale.isPrecondition() && current.ok()) {
      return Outcome.pass("If-Match replaces what is current, and is refused with 412 otherwise");
    }
    if (stale.ok()) {
      return Outcome.fail(
          Problem.refused(
              "the store ignores If-Match and overwrote a newer version",
              "Two processes could hold one lease. " + CHANGE_STORE));
    }
    return Outcome.fail(unknownCondition("If-Match", stale.isPrecondition() ? current : stale));
  }

  private Outcome readAfterWrite() {
    byte[] latest = content("latest");
    Answer<Written> put = store.put(keys.lease(), latest, Condition.ANY);
    if (!put.ok()) {
      return mayNotPut(put);
    }
    Answer<byte[]> read = store.get(keys.lease());
    if (read.ok() && !Arrays.equals(read.value().orElseThrow(), latest)) {
      return Outcome.fail(
          Problem.storageFailed(
              "a GET right after a PUT gave older content",
              "Nothing may cache between here and the store. " + CHANGE_STORE));
    }
    Answer<Map<String, String>> list = store.list(keys.folder().path());
    String tag = put.value().orElseThrow().tag();
    if (list.ok() && !tag.equals(list.value().orElseThrow().get(keys.lease().value()))) {
      return Outcome.fail(
          Problem.storageFailed(
              "a listing right after a PUT does not show it",
              "Whether WAL is absent is proved by a listing. " + CHANGE_STORE));
    }
    if (!read.ok() || !list.ok()) {
      return Outcome.skip(
          "not tried: the credential may not %s".formatted(read.ok() ? "list" : "get"));
    }
    return Outcome.pass("GET and LIST show what was just written");
  }

  private Outcome checksums() {
    Checksum ours = configured.checksum();
    Answer<Written> plain = store.put(keys.lease(), content("plain"), ours);
    if (plain.isForbidden()) {
      return mayNotPut(plain);
    }
    Checksum other = ours == Checksum.CRC32C ? Checksum.MD5 : Checksum.CRC32C;
    if (!plain.ok()) {
      takesNothing = true;
      return Outcome.fail(refusing(plain, ours, other));
    }
    noteVersion(plain);
    Answer<Written> damaged = store.putDamaged(keys.lease(), content("damaged"), ours);
    checksums = Optional.of(!damaged.ok());
    if (!damaged.ok()) {
      fitting = Optional.of(ours);
      return Outcome.pass(
          "a body that does not fit its %s is refused with %s".formatted(ours, damaged.words()));
    }
    Answer<Written> byOther = store.putDamaged(keys.lease(), content("damaged"), other);
    boolean helps =
        byOther.status() == 400 && store.put(keys.lease(), content("plain"), other).ok();
    fitting = Optional.of(helps ? other : ours);
    return Outcome.warn(
        "the store takes a body that does not fit its " + ours,
        helps
            ? "It refuses one that does not fit its %s: set storage.dialect.checksum: %s."
                .formatted(other, word(other))
            : "What is damaged on its way is found only when it is read. " + CHANGE_STORE);
  }

  private Problem refusing(Answer<Written> plain, Checksum ours, Checksum other) {
    String message =
        "the store answers a PUT with the %s of its body by %s %s"
            .formatted(ours, plain.words(), plain.message())
            .strip();
    if (!store.put(keys.lease(), content("plain"), other).ok()) {
      return Problem.storageFailed(message, CHANGE_STORE);
    }
    fitting = Optional.of(other);
    return Problem.misconfigured(
        message + ", and takes one with its " + other,
        "Set storage.dialect.checksum: %s.".formatted(word(other)));
  }

  private static String word(Checksum checksum) {
    return checksum.name().toLowerCase(Locale.ROOT);
  }

  private Outcome multipart() {
    if (takesNothing) {
      return takesNothing();
    }
    byte[] part = content("part");
    Answer<String> begun = store.beginUpload(keys.parts());
    if (begun.isForbidden()) {
      return Outcome.skip(
          "not tried: the credential may not write archives (" + begun.words() + ")");
    }
    if (!begun.ok()) {
      return Outcome.fail(failedParts("begin an upload", begun));
    }
    Answer<Written> first = complete(begun.value().orElseThrow(), part);
    if (!first.ok() && !first.isPrecondition()) {
      return Outcome.fail(failedParts("complete an upload with If-None-Match: *", first));
    }
    Answer<Written> second = first.ok() ? completeAgain(part) : first;
    createOnlyParts = Optional.of(second.isPrecondition());
    if (second.ok()) {
      return Outcome.fail(overwrites("CompleteMultipartUpload"));
    }
    return second.isPrecondition()
        ? Outcome.pass("parts complete, and with If-None-Match: * not over an object (412)")
        : Outcome.fail(failedParts("complete an upload with If-None-Match: *", second));
  }

  private Answer<Written> completeAgain(byte[] content) {
    Answer<String> begun = store.beginUpload(keys.parts());
    return begun.ok() ? complete(begun.value().orElseThrow(), content) : without(begun);
  }

  private Answer<Written> complete(String upload, byte[] content) {
    Answer<String> part = store.uploadPart(keys.parts(), upload, content);
    Answer<Written> completed =
        part.ok()
            ? store.completeUpload(
                keys.parts(), upload, part.value().orElseThrow(), content, Condition.ABSENT)
            : without(part);
    if (!completed.ok()) {
      store.abortUpload(keys.parts(), upload);
    }
    return completed;
  }

  private static Answer<Written> without(Answer<?> refused) {
    return new Answer<>(
        refused.status(), refused.code(), refused.message(), refused.at(), Optional.empty());
  }

  private static Problem failedParts(String what, Answer<?> answer) {
    return Problem.storageFailed(
        "cannot %s: %s %s".formatted(what, answer.words(), answer.message()).strip(), CHANGE_STORE);
  }

  private Outcome batchDelete() {
    Answer<Map<ObjectKey, String>> deleted = store.delete(keys.all());
    if (deleted.isForbidden()) {
      return Outcome.skip("not tried: the credential may not delete (" + deleted.words() + ")");
    }
    String request = configured.batchDelete() ? "DeleteObjects" : "DeleteObject";
    if (!deleted.ok()) {
      return Outcome.fail(notDeleting(request, deleted));
    }
    batchDelete = Optional.of(configured.batchDelete());
    return deleted.value().orElseThrow().isEmpty()
        ? Outcome.pass(request + " deletes")
        : Outcome.pass(request + " answers, and names each key that it may not delete");
  }

  private Problem notDeleting(String request, Answer<?> deleted) {
    String message =
        "%s is answered by %s %s".formatted(request, deleted.words(), deleted.message()).strip();
    boolean singly = configured.batchDelete() && store.deleteOneByOne(keys.all()).ok();
    batchDelete = Optional.of(false);
    return singly
        ? Problem.misconfigured(
            message + ", and DeleteObject deletes",
            "Retention deletes with it: set storage.dialect.batchDelete: false.")
        : Problem.storageFailed(message, "Retention deletes with it. " + CHANGE_STORE);
  }

  private Outcome versioning() {
    Answer<String> asked = store.versioning();
    asked.value().ifPresent(status -> versions = Optional.of(status.equals("Enabled")));
    if (versions.isEmpty()) {
      return Outcome.skip("not known: the credential may neither ask nor put");
    }
    return versions.get()
        ? Outcome.pass("the bucket keeps versions")
        : Outcome.warn(
            "the bucket keeps no versions: what is overwritten or deleted is gone",
            "Switch versioning on, with an object lock; on R2 run 'pgbackup credentials lock'.");
  }

  private Outcome objectLock() {
    Answer<String> asked = store.objectLock();
    if (asked.isForbidden()) {
      return Outcome.skip("not known: the credential may not ask for it, nor needs to");
    }
    lock = Optional.of(asked.value().orElse("none"));
    return lock.get().equals("none")
        ? Outcome.warn(
            "no object lock with a default retention: who may delete can delete for good",
            "Set one for as long as backups must survive an attacker; on R2 run 'pgbackup credentials lock'.")
        : Outcome.pass("new objects are locked by default, " + lock.get());
  }
}
