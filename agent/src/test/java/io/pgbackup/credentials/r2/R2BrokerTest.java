package io.pgbackup.credentials.r2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

class R2BrokerTest {
  private static final R2Account ACCOUNT =
      new R2Account("0123456789abcdef0123456789abcdef", R2Account.Jurisdiction.EU);
  private static final String ID = "1".repeat(32);
  private static final String SECRET = "2d38400385ce4bd5".repeat(4);
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00.750Z");
  private static final Holder ORDERS =
      new Holder(
          new ClusterId("shop", "orders"),
          new ClusterScope("backups", StoreFolder.of("pgbackup/shop/orders")));

  private static R2Broker broker(AwsCredentials parent) {
    return new R2Broker(ACCOUNT, ACCOUNT.endpoint(), () -> parent, InstantSource.fixed(NOW));
  }

  private static R2Broker broker() {
    return broker(AwsBasicCredentials.create(ID, SECRET));
  }

  @ParameterizedTest
  @CsvSource({"ARCHIVER,PT12H", "RETENTION,PT1H", "RESTORER,PT12H"})
  void issuesForAsLongAsTheRoleUsuallyWorks(Role role, Duration usual) {
    // when
    CredentialDocument document = broker().issue(ORDERS, role, Optional.empty());

    // then
    Instant second = Instant.parse("2026-11-21T12:00:00Z");
    assertThat(document.role()).isEqualTo(role);
    assertThat(document.bucket()).isEqualTo("backups");
    assertThat(document.folder().path()).isEqualTo("pgbackup/shop/orders/");
    assertThat(document.issuedAt()).isEqualTo(second);
    assertThat(document.expiration()).contains(second.plus(usual));
    assertThat(document.keys().accessKeyId()).isEqualTo(ID);
    assertThat(document.keys().secretAccessKey()).isNotEqualTo(SECRET);
    assertThat(CredentialDocument.parse(document.json())).isEqualTo(document);
  }

  @Test
  void issuesForSevenDaysAtMost() {
    assertThat(broker().issue(ORDERS, Role.ARCHIVER, Optional.of(Duration.ofDays(7))).expiration())
        .contains(Instant.parse("2026-11-28T12:00:00Z"));
    assertFails(
        Problem.Misconfigured.class,
        "7 days",
        () ->
            broker().issue(ORDERS, Role.ARCHIVER, Optional.of(Duration.ofDays(7).plusSeconds(1))));
    assertFails(
        Problem.Misconfigured.class,
        "not 0 s",
        () -> broker().issue(ORDERS, Role.ARCHIVER, Optional.of(Duration.ofMillis(999))));
  }

  @Test
  void refusesAParentThatCannotBeOne() {
    assertFails(
        Problem.Misconfigured.class,
        "temporary",
        () -> broker(AwsSessionCredentials.create(ID, SECRET, "token")).bootstrap(ORDERS));
    assertFails(
        Problem.Misconfigured.class,
        "its id",
        () -> broker(AwsBasicCredentials.create("AKIA1", SECRET)).bootstrap(ORDERS));
    assertFails(
        Problem.Misconfigured.class,
        "its secret",
        () ->
            broker(AwsBasicCredentials.create(ID, "a-token-value"))
                .issue(ORDERS, Role.ARCHIVER, Optional.empty()));
    broker().bootstrap(ORDERS);
  }

  @Test
  void saysHowCredentialsAreEndedWhereItCannot() {
    assertFails(
        Problem.Refused.class,
        "shop/orders",
        () -> broker().revoke(ORDERS, Optional.of(Role.ARCHIVER)));
  }

  private static void assertFails(
      Class<? extends Problem> kind, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(kind);
              assertThat(failure.problem().message()).contains(words).doesNotContain(SECRET);
              assertThat(failure.problem().hint().orElseThrow()).isNotEmpty();
            });
  }
}
