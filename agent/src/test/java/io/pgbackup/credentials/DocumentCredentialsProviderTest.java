package io.pgbackup.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.SteppingClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

class DocumentCredentialsProviderTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final StoreFolder OWN = StoreFolder.of("pgbackup/shop/orders");
  private static final CredentialScope SCOPE =
      new CredentialScope("backups", Optional.of(OWN), Optional.of(Role.ARCHIVER));

  @TempDir Path folder;
  private final SteppingClock clock = new SteppingClock(NOW);
  private Path file;
  private DocumentCredentialsProvider provider;

  @BeforeEach
  void provider() {
    file = folder.resolve("credentials.json");
    provider = new DocumentCredentialsProvider(file, SCOPE, clock);
  }

  private static CredentialDocument document(String id, Duration left) {
    return document(id, Role.ARCHIVER, OWN, Optional.of(NOW.plus(left)));
  }

  private static CredentialDocument document(
      String id, Role role, StoreFolder folder, Optional<Instant> expiration) {
    return new CredentialDocument(
        role,
        "backups",
        folder,
        new AccessKeys(id, "s3cr3t-" + id, Optional.of("t0ken-" + id)),
        NOW.minusSeconds(60),
        expiration);
  }

  private void put(CredentialDocument document) {
    PrivateFile.swap(file, document.json());
  }

  private String id() {
    return provider.resolveCredentials().accessKeyId();
  }

  private String problem() {
    return provider.state().problem().map(Problem::message).orElse("");
  }

  @Test
  void givesTheSdkTheExpirationToo() {
    put(document("a", Duration.ofHours(1)));

    assertThat(provider.resolveCredentials().expirationTime()).contains(NOW.plusSeconds(3600));
    assertThat(provider.state())
        .isEqualTo(
            new CredentialState(
                Optional.of(Role.ARCHIVER),
                Optional.of(NOW.minusSeconds(60)),
                Optional.of(NOW.plusSeconds(3600)),
                false,
                Optional.empty()));
  }

  @Test
  void takesANewerOneAtTheNextRequest() {
    put(document("a", Duration.ofHours(1)));
    assertThat(id()).isEqualTo("a");

    put(document("b", Duration.ofHours(2)));

    assertThat(id()).isEqualTo("b");
  }

  @Test
  void takesANewerOneThroughTheSwapOfAMountedSecret() throws IOException {
    // given
    PrivateFile.write(
        Files.createDirectory(folder.resolve("..1")).resolve("credentials.json"),
        document("a", Duration.ofHours(1)).json());
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..1"));
    Files.createSymbolicLink(file, Path.of("..data", "credentials.json"));
    assertThat(id()).isEqualTo("a");

    // when
    PrivateFile.write(
        Files.createDirectory(folder.resolve("..2")).resolve("credentials.json"),
        document("b", Duration.ofHours(2)).json());
    Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..2"));
    Files.move(
        folder.resolve("..data_tmp"), folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);

    // then
    assertThat(id()).isEqualTo("b");
  }

  @Test
  void aNewerOneThatEndsEarlierIsNotTakenAndThatIsSaid() {
    put(document("leaked", Duration.ofHours(11)));
    assertThat(id()).isEqualTo("leaked");
    CredentialDocument shorter = document("short", Duration.ofHours(1));
    put(
        new CredentialDocument(
            shorter.role(),
            shorter.bucket(),
            shorter.folder(),
            shorter.keys(),
            NOW,
            shorter.expiration()));

    assertThat(id()).isEqualTo("leaked");
    assertThat(problem())
        .isEqualTo(
            "the newer credential in %s ends at 2026-11-21T06:00:00Z, before the one in use, 2026-11-21T16:00:00Z, which stays"
                .formatted(file));

    // when the store ends the old one after all
    AwsCredentials old = provider.resolveCredentials();
    assertThat(provider.refused(old)).isTrue();

    // then
    assertThat(id()).isEqualTo("short");
    assertThat(problem()).isEmpty();
  }

  @Test
  void anOlderOneThatComesBackDoesNotReplaceOneThatIsStillValid() {
    put(document("new", Duration.ofHours(2)));
    assertThat(id()).isEqualTo("new");

    put(document("old", Duration.ofHours(1)));

    assertThat(id()).isEqualTo("new");
    assertThat(problem()).isEmpty();
  }

  @Test
  void anOlderOneIsTakenWhereTheStoreRefusesTheNewerOne() {
    put(document("new", Duration.ofHours(2)));
    var revoked = provider.resolveCredentials();
    put(document("old", Duration.ofHours(1)));

    assertThat(provider.refused(revoked)).isTrue();

    assertThat(id()).isEqualTo("old");
    assertThat(provider.state().expired()).isFalse();
  }

  @Test
  void aShortLivedOneReplacesAKeyThatDoesNotExpire() {
    put(document("static", Role.ARCHIVER, OWN, Optional.empty()));
    assertThat(id()).isEqualTo("static");

    put(document("session", Duration.ofHours(1)));

    assertThat(id()).isEqualTo("session");
  }

  @Test
  void aHalfWrittenOneKeepsTheOldOneAndIsSeen() {
    put(document("a", Duration.ofHours(1)));
    assertThat(id()).isEqualTo("a");
    byte[] next = document("b", Duration.ofHours(2)).json();

    PrivateFile.write(file, Arrays.copyOf(next, next.length / 2));

    assertThat(id()).isEqualTo("a");
    assertThat(problem()).contains(file.toString(), "it is not JSON").doesNotContain("s3cr3t");
    assertThat(provider.state().expired()).isFalse();

    PrivateFile.write(file, next);

    assertThat(id()).isEqualTo("b");
    assertThat(problem()).isEmpty();
  }

  @Test
  void oneThatOthersCanReadIsNotTaken() throws IOException {
    put(document("a", Duration.ofHours(1)));
    assertThat(id()).isEqualTo("a");
    put(document("b", Duration.ofHours(2)));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(id()).isEqualTo("a");
    assertThat(problem()).contains("can be read or changed by others");
  }

  @Test
  void oneOfAnotherClusterIsNamedWithBothFolders() {
    put(
        document(
            "a",
            Role.ARCHIVER,
            StoreFolder.of("pgbackup/shop/orders2"),
            Optional.of(NOW.plusSeconds(60))));

    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining("s3://backups/pgbackup/shop/orders2/")
        .hasMessageContaining("s3://backups/pgbackup/shop/orders/")
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class));
  }

  @Test
  void oneForAFolderAboveTheClustersIsGoodToo() {
    put(document("a", Role.ARCHIVER, StoreFolder.of("pgbackup"), Optional.empty()));

    assertThat(id()).isEqualTo("a");
  }

  @Test
  void oneOfAnotherRoleIsUsedAndSaidToBeUnfit() {
    put(document("a", Role.RESTORER, OWN, Optional.of(NOW.plusSeconds(60))));

    assertThat(id()).isEqualTo("a");
    assertThat(problem()).contains("the restorer's", "the archiver's");
  }

  @Test
  void expiryHasAStateAndATextOfItsOwn() {
    put(document("a", Duration.ofHours(1)));
    assertThat(id()).isEqualTo("a");

    clock.advance(Duration.ofHours(1));

    assertThat(id()).isEqualTo("a");
    assertThat(provider.state().expired()).isTrue();
    assertThat(provider.state().problem().orElseThrow())
        .isInstanceOfSatisfying(
            Problem.StorageFailed.class,
            expired -> {
              assertThat(expired.message())
                  .startsWith("credential expired: that of the archiver in " + file)
                  .contains("2026-11-21T06:00:00Z");
              assertThat(expired.hint().orElseThrow()).contains("pgbackup credentials rotate");
              assertThat(expired.retryMayHelp()).isTrue();
            });
  }

  @Test
  void oneThatTheStoreRefusesBeforeItsTimeHasExpiredAsWell() {
    put(document("a", Duration.ofHours(1)));
    var revoked = provider.resolveCredentials();

    assertThat(provider.refused(revoked)).isFalse();

    assertThat(provider.state().expired()).isTrue();
    assertThat(problem())
        .contains("refuses that of the archiver", "before its time, 2026-11-21T06:00:00Z");

    // when it was a mistake of the store's
    provider.accepted(revoked);

    // then
    assertThat(provider.state().expired()).isFalse();
  }

  @Test
  void neverPrintsASecret() {
    put(document("a", Duration.ofHours(1)));

    assertThat(provider + " " + provider.resolveCredentials() + " " + provider.state())
        .doesNotContain("s3cr3t")
        .doesNotContain("t0ken");
  }
}
