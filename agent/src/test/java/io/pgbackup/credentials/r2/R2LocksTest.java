package io.pgbackup.credentials.r2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.pgbackup.config.R2Account;
import io.pgbackup.config.R2Account.Jurisdiction;
import io.pgbackup.credentials.r2.LockPlan.Change;
import io.pgbackup.credentials.r2.LockPlan.Kind;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.CloudflareStandIn;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class R2LocksTest {
  private static final Duration FORTNIGHT = Duration.ofDays(14);
  private static final StoreFolder ARCHIVE = StoreFolder.of("pgbackup/shop/orders/u-1/18");
  private static final String FOREIGN =
      """
      {"id": "Lock all logs for a day", "enabled": true, "prefix": "logs/", "note": [1.50, null],
       "condition": {"type": "Age", "maxAgeSeconds": 86400}}\
      """;

  @TempDir private Path folder;
  private final CloudflareStandIn cloudflare = new CloudflareStandIn();
  private final List<Duration> pauses = new ArrayList<>();
  private Path token;

  @BeforeEach
  void writeToken() throws IOException {
    token =
        SecretFile.create(
            folder.resolve("token"),
            (CloudflareStandIn.TOKEN + "\n").getBytes(StandardCharsets.UTF_8));
  }

  @AfterEach
  void stop() {
    cloudflare.close();
  }

  private R2Locks locks(Jurisdiction jurisdiction) {
    return new R2Locks(
        new CloudflareAccess(cloudflare.api(), token),
        new R2Account(CloudflareStandIn.ACCOUNT, jurisdiction),
        CloudflareStandIn.BUCKET,
        pauses::add);
  }

  private LockPlan apply(Duration age, boolean shorten) {
    try (R2Locks locks = locks(Jurisdiction.EU)) {
      return locks.apply(List.of(ARCHIVE), age, shorten);
    }
  }

  private List<String> puts() {
    return cloudflare.requests().stream()
        .filter(request -> request.method().equals("PUT"))
        .map(CloudflareStandIn.Request::body)
        .toList();
  }

  private static List<Kind> kinds(LockPlan plan) {
    return plan.changes().stream().map(Change::kind).distinct().toList();
  }

  private static Problem problem(ThrowingCallable call) {
    List<Problem> problems = new ArrayList<>();
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class, failure -> problems.add(failure.problem()));
    assertThat(problems.getFirst().toString()).doesNotContain(CloudflareStandIn.TOKEN);
    return problems.getFirst();
  }

  @Test
  void locksWhatIsWrittenOnceAndNothingElse() {
    LockPlan done = apply(FORTNIGHT, false);

    assertThat(kinds(done)).containsExactly(Kind.ADD);
    assertThat(cloudflare.rules())
        .extracting(rule -> rule.path("prefix").asText())
        .containsExactly(
            "pgbackup/shop/orders/u-1/18/basebackups_005/",
            "pgbackup/shop/orders/u-1/18/wal_005/",
            "pgbackup/shop/orders/u-1/18/pgbackup/manifests/",
            "pgbackup/shop/orders/u-1/18/pgbackup/claim.json");
    assertThat(done.after().obstacles(ARCHIVE)).isEmpty();
    assertThat(done.after().unlocked(ARCHIVE, FORTNIGHT)).isEmpty();
    assertThat(done.after().unlocked(ARCHIVE, FORTNIGHT.plusSeconds(1))).hasSize(4);
  }

  @Test
  void asksAsCloudflareDocumentsIt() throws IOException {
    apply(FORTNIGHT, false);

    assertThat(cloudflare.requests())
        .extracting(CloudflareStandIn.Request::method)
        .containsExactly("GET", "PUT", "GET");
    assertThat(cloudflare.requests())
        .allSatisfy(
            request -> {
              assertThat(request.path())
                  .isEqualTo(
                      "/client/v4/accounts/0123456789abcdef0123456789abcdef/r2/buckets/backups/lock");
              assertThat(request.jurisdiction()).contains("eu");
            });
    assertThat(cloudflare.requests().get(1).contentType()).isEqualTo("application/json");
    JsonNode body = new JsonMapper().readTree(puts().getFirst());
    assertThat(body.fieldNames()).toIterable().containsExactly("rules");
    assertThat(body.path("rules").path(1))
        .isEqualTo(
            new JsonMapper()
                .readTree(
                    """
                    {"id": "pgbackup-wal-56b6ef0bd141ad44", "enabled": true,
                     "prefix": "pgbackup/shop/orders/u-1/18/wal_005/",
                     "condition": {"type": "Age", "maxAgeSeconds": 1209600}}
                    """));
  }

  @Test
  void aBucketWithoutAJurisdictionIsAskedForWithoutOne() {
    try (R2Locks locks = locks(Jurisdiction.DEFAULT)) {
      assertThat(locks.read().rules()).isEmpty();
    }

    assertThat(cloudflare.requests().getFirst().jurisdiction()).isEmpty();
  }

  @Test
  void theRulesOfOthersGoBackAsTheyAre() throws IOException {
    cloudflare.holding("[" + FOREIGN + "]");

    LockPlan done = apply(FORTNIGHT, false);

    assertThat(done.others()).isEqualTo(1);
    assertThat(cloudflare.rules()).hasSize(5);
    assertThat(cloudflare.rules().path(0)).isEqualTo(new JsonMapper().readTree(FOREIGN));
  }

  @Test
  void aSecondTimeNothingIsWritten() {
    apply(FORTNIGHT, false);

    LockPlan again = apply(FORTNIGHT, false);

    assertThat(again.isDone()).isTrue();
    assertThat(puts()).hasSize(1);
  }

  @Test
  void locksLonger() {
    apply(Duration.ofDays(7), false);

    assertThat(kinds(apply(FORTNIGHT, false))).containsExactly(Kind.LENGTHEN);
    assertThat(cloudflare.rules()).hasSize(4);
    assertThat(cloudflare.rules().path(0).path("condition").path("maxAgeSeconds").intValue())
        .isEqualTo(1209600);
  }

  @Test
  void locksForLessOnlyIfThatIsMeant() {
    apply(FORTNIGHT, false);
    JsonNode before = cloudflare.rules();

    assertThat(problem(() -> apply(Duration.ofDays(1), false))).isInstanceOf(Problem.Refused.class);
    assertThat(cloudflare.rules()).isEqualTo(before);

    assertThat(kinds(apply(Duration.ofDays(1), true))).containsExactly(Kind.SHORTEN);
    assertThat(cloudflare.rules().path(3).path("condition").path("maxAgeSeconds").intValue())
        .isEqualTo(86400);
  }

  @ParameterizedTest
  @CsvSource({
    "{\"type\": \"Indefinite\"}, true, SHORTEN",
    "'{\"type\": \"Date\", \"date\": \"2027-01-01T00:00:00Z\"}', true, SHORTEN",
    "{\"type\": \"Indefinite\"}, false, ENABLE",
  })
  void aRuleOfOursThatSomebodyChangedIsJudgedByWhatItDoes(
      String condition, boolean enabled, Kind kind) {
    apply(FORTNIGHT, false);
    String id = cloudflare.rules().path(1).path("id").asText();
    cloudflare.holding(
        """
        [{"id": "%s", "enabled": %s, "prefix": "%swal_005/", "condition": %s}]
        """
            .formatted(id, enabled, ARCHIVE.path(), condition));

    try (R2Locks locks = locks(Jurisdiction.EU)) {
      assertThat(kinds(locks.read().plan(List.of(ARCHIVE), FORTNIGHT)))
          .containsExactly(Kind.ADD, kind);
    }
  }

  @Test
  void aRuleOfOursWithAnotherPrefixIsLeftAloneAndSaid() {
    apply(FORTNIGHT, false);
    String id = cloudflare.rules().path(1).path("id").asText();
    cloudflare.holding(
        """
        [{"id": "%s", "enabled": true, "prefix": "logs/", "condition": {"type": "Indefinite"}}]
        """
            .formatted(id));

    assertThat(problem(() -> apply(FORTNIGHT, false)).message()).contains(id, "'logs/'");
    assertThat(puts()).hasSize(1);
  }

  @Test
  void saysWhenSomebodyElseWroteAtTheSameTime() {
    cloudflare.holding("[" + FOREIGN + "]");
    cloudflare.meddle(
        rules -> {
          ((ArrayNode) rules).remove(0);
          return rules;
        });

    assertThat(problem(() -> apply(FORTNIGHT, false)))
        .isInstanceOfSatisfying(
            Problem.VerificationFailed.class,
            failed -> assertThat(failed.message()).contains("Lock all logs for a day"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{\"enabled\": true, \"condition\": {\"type\": \"Indefinite\"}}]",
        "[{\"id\": \"x\", \"enabled\": true}]",
        "[\"x\"]",
        "{\"x\": 1}"
      })
  void whatIsNotUnderstoodIsNotWrittenBack(String rules) {
    cloudflare.holding(rules);

    assertThat(problem(() -> apply(FORTNIGHT, false))).isInstanceOf(Problem.StorageFailed.class);
    assertThat(puts()).isEmpty();
  }

  @Test
  void takesNoMoreRulesThanCloudflareDoes() {
    cloudflare.holding(
        IntStream.range(0, 997)
            .mapToObj(FOREIGN.replace("Lock all logs for a day", "%d")::formatted)
            .toList()
            .toString());

    assertThat(problem(() -> apply(FORTNIGHT, false)).message()).contains("1001", "1000");
    assertThat(puts()).isEmpty();
  }

  @Test
  void waitsForAsLongAsCloudflareSays() {
    cloudflare.refuse(429, Optional.of("37"), CloudflareStandIn.failure(10429, "too many"));
    cloudflare.refuse(429, Optional.empty(), "");

    apply(FORTNIGHT, false);

    assertThat(pauses).containsExactly(Duration.ofSeconds(37), Duration.ofSeconds(5));
    assertThat(cloudflare.rules()).hasSize(4);
  }

  @Test
  void doesNotWaitForEver() {
    cloudflare.refuse(429, Optional.of("86400"), "");

    assertThat(problem(() -> apply(FORTNIGHT, false)).retryMayHelp()).isTrue();
    assertThat(pauses).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "403, 10000, Authentication error, Workers R2 Storage",
    "404, 10006, The specified bucket does not exist., jurisdiction",
    "400, 10033, Malformed rule, Cloudflare says",
    "502, 0, Bad gateway, busy",
  })
  void translatesWhatCloudflareSays(int status, int code, String words, String hint) {
    cloudflare.refuse(status, Optional.empty(), CloudflareStandIn.failure(code, words));

    Problem problem = problem(() -> apply(FORTNIGHT, false));

    assertThat(problem.message()).contains("'backups'", " (eu)", status + " " + code + " " + words);
    assertThat(problem.hint().orElseThrow()).contains(hint);
    assertThat(problem.retryMayHelp()).isEqualTo(status == 502);
    assertThat(puts()).isEmpty();
  }

  @Test
  void anAnswerThatIsNotCloudflaresIsNoSuccess() {
    cloudflare.refuse(200, Optional.empty(), "<html>welcome to this network</html>");

    assertThat(problem(() -> apply(FORTNIGHT, false))).isInstanceOf(Problem.StorageFailed.class);
    assertThat(puts()).isEmpty();
  }

  @Test
  void aTokenFileWithMoreThanATokenIsSaidWithoutItsContent() throws IOException {
    token =
        SecretFile.create(
            folder.resolve("other"), "first secret\nsecond\n".getBytes(StandardCharsets.UTF_8));

    Problem problem = problem(() -> apply(FORTNIGHT, false));

    assertThat(problem).isInstanceOf(Problem.Misconfigured.class);
    assertThat(problem.toString()).doesNotContain("secret\n", "second");
    assertThat(cloudflare.requests()).isEmpty();
  }

  @Test
  void aTokenGoesOverNoNetworkInClear() {
    assertThat(
            problem(() -> new CloudflareAccess(URI.create("http://api.example/client/v4"), token)))
        .isInstanceOf(Problem.Misconfigured.class);
  }

  @Test
  void seesWhatStandsInTheWayOfLeases() {
    cloudflare.holding(
        """
        [{"id": "all", "enabled": true, "condition": {"type": "Age", "maxAgeSeconds": 60}},
         {"id": "off", "enabled": false, "prefix": "", "condition": {"type": "Indefinite"}},
         {"id": "own", "enabled": true, "prefix": "pgbackup/shop/orders/u-1/18/pgbackup/",
          "condition": {"type": "Date", "date": "2027-01-01T00:00:00Z"}},
         {"id": "other", "enabled": true, "prefix": "pgbackup/shop/orders/u-10/",
          "condition": {"type": "Indefinite"}},
         {"id": "one", "enabled": true, "prefix": "pgbackup/shop/orders/u-1/18/pgbackup/leases/backup",
          "condition": {"type": "Indefinite"}}]
        """);
    try (R2Locks locks = locks(Jurisdiction.EU)) {
      assertThat(locks.read().obstacles(ARCHIVE))
          .filteredOn(obstacle -> obstacle.prefix().endsWith("/leases/"))
          .extracting(obstacle -> obstacle.rule().id())
          .containsExactly("all", "own", "one");
    }
  }

  @Test
  void rulesOfManyLineagesHaveNamesOfTheirOwn() {
    List<StoreFolder> archives =
        IntStream.range(0, 250)
            .mapToObj(i -> StoreFolder.of("pgbackup/shop/orders/u-" + i + "/18"))
            .toList();

    LockPlan plan = new LockRules(List.of()).plan(archives, FORTNIGHT);

    assertThat(
            StreamSupport.stream(
                    plan.after().body().path("rules").spliterator(), /* parallel= */ false)
                .map(rule -> rule.path("id").asText()))
        .hasSize(1000)
        .doesNotHaveDuplicates();
  }
}
