package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.StorageDialect;
import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.credentials.CredentialState;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.doctor.QuirkyStore.Quirk;
import io.pgbackup.doctor.QuirkyStore.Request;
import io.pgbackup.problem.ExitStatus;
import io.pgbackup.store.StoreFolder;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoreDialectTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final ProbeKeys KEYS =
      new ProbeKeys(StoreFolder.of("pgbackup/shop/orders"), "db.1");

  private final QuirkyStore store = new QuirkyStore().at(NOW);
  private CredentialState credential =
      new CredentialState(
          Optional.empty(), Optional.empty(), Optional.empty(), false, Optional.empty());

  private StorageDialect configured = StorageDialect.DEFAULT;

  private StoreDialect dialect() {
    return new StoreDialect(
        store.configured(configured),
        Optional.of(URI.create("https://minio.example")),
        configured,
        KEYS,
        credential,
        Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private Findings findings() {
    return Findings.of(dialect().group());
  }

  private ExitStatus status() {
    return new Diagnosis(findings().all(), Optional.empty()).status();
  }

  @Test
  void aStoreThatDoesWhatS3DocumentsPassesAndNothingStays() {
    store.with(Quirk.KEEPS_VERSIONS);
    StoreDialect dialect = dialect();

    Findings findings = Findings.of(dialect.group());

    assertThat(findings.names(Outcome.Pass.class)).as("%s", findings).hasSize(11);
    assertThat(store.keys()).isEmpty();
    assertThat(store.openUploads()).isEmpty();
    assertThat(dialect.profile())
        .isEqualTo(
            new StorageProfile(
                Optional.of(true),
                Optional.of(true),
                Optional.of(true),
                Optional.of(true),
                Optional.of(true),
                Optional.of(true),
                Optional.of("COMPLIANCE 14 days"),
                new StorageProfile.Dialect(Optional.of("crc32c"), Optional.of(true))));
  }

  @ParameterizedTest
  @CsvSource({
    "REFUSES_CRC32C, checksums, Fail, storage.dialect.checksum: md5",
    "IGNORES_CRC32C, checksums, Warn, storage.dialect.checksum: md5",
    "KNOWS_NO_BATCH_DELETE, batch-delete, Fail, storage.dialect.batchDelete: false",
  })
  void namesTheSettingThatHelpsAndPassesWithIt(
      Quirk quirk, String check, String verdict, String setting) {
    store.with(quirk).with(Quirk.KEEPS_VERSIONS);
    StoreDialect asked = dialect();

    Outcome without = Findings.of(asked.group()).of(check);

    assertThat(without.getClass().getSimpleName()).isEqualTo(verdict);
    assertThat(without.toString()).contains(setting);

    StorageProfile.Dialect found = asked.profile().dialect();
    configured =
        new StorageDialect(
            Checksum.valueOf(found.checksum().orElseThrow().toUpperCase(Locale.ROOT)),
            found.batchDelete().orElseThrow());

    assertThat(findings().names(Outcome.Pass.class)).hasSize(11);
    assertThat(store.keys()).isEmpty();
  }

  @Test
  void aStoreThatTakesNoPutIsSaidOnce() {
    store.with(Quirk.REFUSES_CRC32C);

    Findings findings = findings();

    assertThat(findings.names(Outcome.Fail.class)).containsExactly("checksums");
    assertThat(findings.of("create-only").found()).contains("see checksums");
    assertThat(status()).isEqualTo(ExitStatus.USAGE);
  }

  @ParameterizedTest
  @CsvSource({
    "IGNORES_IF_NONE_MATCH, create-only, REFUSED, overwrote an object",
    "IGNORES_IF_NONE_MATCH_OF_PARTS, multipart, REFUSED, CompleteMultipartUpload",
    "KNOWS_NO_CONDITIONS, create-only, STORAGE, 501 NotImplemented",
    "IGNORES_IF_MATCH, replace-if-match, REFUSED, ignores If-Match",
    "READS_STALE, read-after-write, STORAGE, older content",
    "LISTS_LATE, read-after-write, STORAGE, listing",
    "KNOWS_NO_BATCH_DELETE, batch-delete, USAGE, 501 NotImplemented",
    "KNOWS_NO_PARTS, multipart, STORAGE, 501 NotImplemented",
  })
  void namesWhatTheStoreDoesOtherwise(Quirk quirk, String check, ExitStatus status, String words) {
    store.with(quirk);

    assertThat(findings().of(check))
        .isInstanceOfSatisfying(
            Outcome.Fail.class,
            fail -> {
              assertThat(fail.found()).contains(words);
              assertThat(fail.problem().hint()).isPresent();
            });
    assertThat(status()).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({"TAKES_DAMAGED_BODIES, checksums", "KNOWS_NO_LOCK, object-lock"})
  void warnsOfWhatOnlyHurtsLater(Quirk quirk, String check) {
    store.with(quirk).with(Quirk.KEEPS_VERSIONS);

    assertThat(findings().names(Outcome.Warn.class)).containsExactly(check);
    assertThat(status()).isEqualTo(ExitStatus.DONE);
  }

  @Test
  void learnsOfVersionsFromAPutWhereTheCredentialMayNotAsk() {
    store.with(Quirk.KEEPS_VERSIONS).forbidding((request, _) -> request == Request.BUCKET);

    assertThat(findings().of("versioning")).isInstanceOf(Outcome.Pass.class);
    assertThat(findings().of("object-lock")).isInstanceOf(Outcome.Skip.class);
  }

  @ParameterizedTest
  @CsvSource({
    "1, agree, Pass",
    "40, 40 s behind, Warn",
    "-40, 40 s ahead of, Warn",
    "900, 15 minutes, Fail",
  })
  void comparesTheClocks(int ahead, String words, String kind) {
    store.at(NOW.plusSeconds(ahead));

    Outcome clock = findings().of("clock");

    assertThat(clock.found()).contains(words);
    assertThat(clock.getClass().getSimpleName()).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({
    "404, NoSuchBucket, reachable, does not exist, NOT_FOUND",
    "301, PermanentRedirect, reachable, another region, USAGE",
    "418, Teapot, reachable, 418 Teapot, STORAGE",
    "403, InvalidAccessKeyId, credentials, InvalidAccessKeyId, STORAGE",
    "403, SignatureDoesNotMatch, credentials, SignatureDoesNotMatch, STORAGE",
    "400, ExpiredToken, credentials, ExpiredToken, STORAGE",
    "401, Unauthorized, credentials, Unauthorized, STORAGE",
    "403, RequestTimeTooSkewed, credentials, time, USAGE",
  })
  void oneFaultAtTheDoorIsSaidOnce(
      int code, String error, String check, String words, ExitStatus status) {
    store.answering(code, error);

    Findings findings = findings();

    assertThat(findings.names(Outcome.Fail.class)).containsExactly(check);
    assertThat(findings.of(check).found()).contains(words);
    assertThat(findings.of("create-only").found()).contains("'storage " + check + "'");
    assertThat(status()).isEqualTo(status);
  }

  @Test
  void saysWhatTheCredentialsDocumentSays() {
    Instant end = NOW.plusSeconds(3600);
    credential =
        new CredentialState(
            Optional.of(Role.ARCHIVER),
            Optional.of(NOW),
            Optional.of(end),
            false,
            Optional.empty());

    assertThat(findings().of("credentials").found()).contains("role archiver", end.toString());

    credential =
        new CredentialState(
            Optional.of(Role.ARCHIVER), Optional.of(NOW), Optional.of(end), true, Optional.empty());
    store.answering(403, "InvalidAccessKeyId");

    assertThat(findings().of("credentials").found()).contains("it expired at " + end);
  }

  @Test
  void aRestorerIsAskedForNoMoreThanItMay() {
    store.forbidding(
        (request, key) ->
            (request == Request.PUT && !key.contains("/pgbackup/leases/"))
                || request == Request.DELETE
                || request == Request.BUCKET);

    Findings findings = findings();

    assertThat(findings.names(Outcome.Fail.class)).as("%s", findings).isEmpty();
    assertThat(findings.of("create-only")).isInstanceOf(Outcome.Pass.class);
    assertThat(findings.of("multipart")).isInstanceOf(Outcome.Skip.class);
    assertThat(store.keys()).containsExactly(KEYS.lease().value());
    // the second run leaves no more than the first
    findings();
    assertThat(store.keys()).containsExactly(KEYS.lease().value());
  }
}
