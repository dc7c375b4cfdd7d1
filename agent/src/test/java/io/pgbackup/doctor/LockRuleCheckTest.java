package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.R2Account;
import io.pgbackup.config.R2Account.Jurisdiction;
import io.pgbackup.credentials.r2.CloudflareAccess;
import io.pgbackup.credentials.r2.R2Locks;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.CloudflareStandIn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockRuleCheckTest {
  private static final Duration WINDOW = Duration.ofDays(14);
  private static final StoreFolder ENDED = StoreFolder.of("pgbackup/shop/orders/u-1/17");
  private static final StoreFolder CURRENT = StoreFolder.of("pgbackup/shop/orders/u-1/18");

  @TempDir private Path folder;
  private final CloudflareStandIn cloudflare = new CloudflareStandIn();
  private R2Locks locks;

  @BeforeEach
  void open() throws IOException {
    Path token =
        SecretFile.create(
            folder.resolve("token"), CloudflareStandIn.TOKEN.getBytes(StandardCharsets.UTF_8));
    locks =
        new R2Locks(
            new CloudflareAccess(cloudflare.api(), token),
            new R2Account(CloudflareStandIn.ACCOUNT, Jurisdiction.DEFAULT),
            CloudflareStandIn.BUCKET);
  }

  @AfterEach
  void close() {
    locks.close();
    cloudflare.close();
  }

  private Outcome judge(List<StoreFolder> archives) {
    return new LockRuleCheck(locks::read, () -> archives, WINDOW).judge();
  }

  @Test
  void passesWhereEveryLineageIsLockedForTheWindow() {
    locks.apply(List.of(ENDED, CURRENT), WINDOW, false);

    assertThat(judge(List.of(ENDED, CURRENT))).isInstanceOf(Outcome.Pass.class);
  }

  @Test
  void warnsOfALineageThatBeganAfterTheRulesWereMade() {
    locks.apply(List.of(ENDED), WINDOW, false);

    assertThat(judge(List.of(ENDED, CURRENT)))
        .isInstanceOfSatisfying(
            Outcome.Warn.class,
            warn -> {
              assertThat(warn.found()).contains(CURRENT.path() + "basebackups_005/", "3 more");
              assertThat(warn.toString()).contains("credentials lock --retain 14d");
            });
  }

  @Test
  void warnsOfLocksThatEndBeforeTheWindowDoes() {
    locks.apply(List.of(CURRENT), WINDOW.minusSeconds(1), false);

    assertThat(judge(List.of(CURRENT))).isInstanceOf(Outcome.Warn.class);
  }

  @Test
  void failsWhereLeasesAreLocked() {
    cloudflare.holding(
        """
        [{"id": "too much", "enabled": true, "prefix": "pgbackup/shop/",
          "condition": {"type": "Indefinite"}}]
        """);

    assertThat(judge(List.of(CURRENT)))
        .isInstanceOfSatisfying(
            Outcome.Fail.class,
            fail ->
                assertThat(fail.found())
                    .contains("'too much'", CURRENT.path() + "pgbackup/leases/"));
  }

  @Test
  void failsWithCloudflaresOwnWordsAndAsksForNothingElse() {
    cloudflare.refuse(
        403, Optional.empty(), CloudflareStandIn.failure(10000, "Authentication error"));

    assertThat(judge(List.of(CURRENT)))
        .isInstanceOfSatisfying(
            Outcome.Fail.class,
            fail -> assertThat(fail.problem()).isInstanceOf(Problem.StorageFailed.class));
    assertThat(cloudflare.requests()).allMatch(request -> request.method().equals("GET"));
  }
}
