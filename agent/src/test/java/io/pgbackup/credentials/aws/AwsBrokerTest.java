package io.pgbackup.credentials.aws;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.SignedRequest;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/// What goes to STS and what becomes of its answers, against [StsStandIn].
class AwsBrokerTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00.750Z");
  private static final String ARCHIVER = "arn:aws:iam::123456789012:role/pgbackup-archiver";
  private static final String RETENTION = "arn:aws:iam::123456789012:role/pgbackup-retention";
  private static final Map<Role, String> ARNS =
      Map.of(
          Role.ARCHIVER,
          ARCHIVER,
          Role.RETENTION,
          RETENTION,
          Role.RESTORER,
          "arn:aws:iam::123456789012:role/pgbackup-restorer");
  private static final Holder ORDERS =
      new Holder(
          new ClusterId("shop", "orders"),
          new ClusterScope("backups", StoreFolder.of("pgbackup/shop/orders")));

  private final StsStandIn sts = new StsStandIn();
  private final AwsBroker broker = broker(StsStandIn.SECRET, ARNS);

  private AwsBroker broker(String secret, Map<Role, String> arns) {
    AwsCredentialsProvider own = () -> AwsBasicCredentials.create(StsStandIn.ID, secret);
    return new AwsBroker(
        arns, StsStandIn.REGION, Optional.of(sts.endpoint()), own, InstantSource.fixed(NOW));
  }

  @AfterEach
  void close() {
    broker.close();
    sts.close();
  }

  @ParameterizedTest
  @EnumSource
  void asksForASessionThatIsLimitedToTheClustersFolder(Role role) {
    // when
    CredentialDocument document = broker.issue(ORDERS, role, Optional.empty());

    // then
    String policy = AccessPolicy.of(role, ORDERS.scope()).json();
    SignedRequest request = sts.requests().getLast();
    assertThat(request.method()).isEqualTo("POST");
    assertThat(request.path()).isEqualTo("/");
    assertThat(request.header("content-type").orElseThrow())
        .startsWith("application/x-www-form-urlencoded");
    assertThat(new String(request.body(), UTF_8))
        .isEqualTo(
            "Action=AssumeRole&Version=2011-06-15&RoleArn=%s&RoleSessionName=%s&Policy=%s&DurationSeconds=3600"
                .formatted(
                    encoded(requireNonNull(ARNS.get(role))),
                    encoded(role.word() + "@shop.orders"),
                    encoded(policy)));
    assertThat(policy).doesNotContain(" ", "\n").hasSizeLessThanOrEqualTo(2048);
    assertThat(document.role()).isEqualTo(role);
    assertThat(document.folder()).isEqualTo(ORDERS.scope().folder());
    assertThat(document.keys().accessKeyId()).isEqualTo("ASIASESSION");
    assertThat(document.keys().secretAccessKey()).isEqualTo("session/secret");
    assertThat(document.keys().sessionToken()).contains("session+token==");
    assertThat(document.issuedAt()).isEqualTo(Instant.parse("2026-11-21T12:00:00Z"));
    assertThat(document.expiration()).contains(StsStandIn.EXPIRATION);
  }

  // As forms are encoded: everything but letters, digits and -._*
  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  @Test
  void namesTheSessionInAtMost64Characters() {
    // given
    String longName = "a".repeat(200);

    // when
    issueFor(longName + "1");
    issueFor(longName + "2");

    // then
    assertThat(sts.requests())
        .extracting(AwsBrokerTest::sessionName)
        .allMatch(name -> name.matches("archiver@shop\\.a[A-Za-z0-9_+=,.@-]{2,50}"))
        .doesNotHaveDuplicates();
  }

  private void issueFor(String name) {
    broker.issue(
        new Holder(
            new ClusterId("shop", name),
            new ClusterScope("backups", StoreFolder.of("pgbackup/shop/" + name))),
        Role.ARCHIVER,
        Optional.empty());
  }

  private static String sessionName(SignedRequest request) {
    String form = URLDecoder.decode(new String(request.body(), UTF_8), UTF_8);
    return form.replaceAll(".*&RoleSessionName=([^&]*)&.*", "$1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT14M59S", "PT12H1S"})
  void asksForNoTimeThatAwsNeverGives(Duration timeToLive) {
    assertFails(
        () -> broker.issue(ORDERS, Role.ARCHIVER, Optional.of(timeToLive)),
        problem -> assertThat(problem).isInstanceOf(Problem.Misconfigured.class));
    assertThat(sts.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          403 | AccessDenied            | User: arn:aws:iam::123456789012:user/b is not authorized to perform: sts:AssumeRole | StorageFailed | false | trust policy
          400 | ExpiredTokenException   | The security token included in the request is expired          | StorageFailed | true  | renew
          403 | ExpiredToken            | The security token included in the request is expired          | StorageFailed | true  | renew
          403 | InvalidClientTokenId    | The security token included in the request is invalid          | StorageFailed | false | access key
          400 | PackedPolicyTooLarge    | Packed size of session tags consumes 101% of allotted space    | Misconfigured | false | shorter
          400 | MalformedPolicyDocument | Syntax errors in policy                                        | Bug           | false | report
          403 | RegionDisabledException | STS is not activated in this region for account:123456789012   | Misconfigured | false | region
          400 | ValidationError         | The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining. | Misconfigured | false | an hour
          400 | ValidationError         | The requested DurationSeconds exceeds the MaxSessionDuration set for this role. | Misconfigured | false | MaxSessionDuration
          503 | ServiceUnavailable      | Try later                                                      | StorageFailed | true  | later
          """)
  void saysWhatToDoAboutARefusal(
      int status, String code, String text, String kind, boolean retry, String hint) {
    // given
    sts.fail(status, code, text);

    // when, then
    assertFails(
        () -> broker.issue(ORDERS, Role.ARCHIVER, Optional.of(Duration.ofHours(2))),
        problem -> {
          assertThat(problem.getClass().getSimpleName()).isEqualTo(kind);
          assertThat(problem.retryMayHelp()).isEqualTo(retry);
          assertThat(problem.message())
              .contains("shop/orders", "archiver", ARCHIVER, code)
              .doesNotContain(StsStandIn.SECRET);
          assertThat(problem.hint().orElseThrow()).contains(hint);
        });
  }

  @Test
  void isToldThatItsOwnSecretIsWrong() {
    try (AwsBroker wrong = broker("another", ARNS)) {
      assertFails(
          () -> wrong.issue(ORDERS, Role.ARCHIVER, Optional.empty()),
          problem -> assertThat(problem.message()).contains("SignatureDoesNotMatch"));
    }
  }

  @Test
  void saysWhereNobodyAnswers() {
    sts.close();

    assertFails(
        () -> broker.issue(ORDERS, Role.ARCHIVER, Optional.empty()),
        problem -> {
          assertThat(problem.retryMayHelp()).isTrue();
          assertThat(problem.message()).contains("refused");
        });
  }

  @Test
  void needsAnIamRoleForEachRole() {
    try (AwsBroker one = broker(StsStandIn.SECRET, Map.of(Role.ARCHIVER, ARCHIVER))) {
      assertFails(
          () -> one.bootstrap(ORDERS),
          problem -> assertThat(problem.message()).contains("retention"));
    }
    broker.bootstrap(ORDERS);
    assertThat(sts.requests()).isEmpty();
  }

  @Test
  void printsThePolicyThatEndsTheSessionsOfOneCluster() {
    assertFails(
        () -> broker.revoke(ORDERS, Optional.of(Role.RETENTION)),
        problem -> {
          assertThat(problem).isInstanceOf(Problem.Refused.class);
          String hint = problem.hint().orElseThrow();
          assertThat(hint).contains(RETENTION).doesNotContain(ARCHIVER);
          JsonNode policy = json(hint.substring(hint.indexOf('{')));
          assertThat(policy.path("Statement"))
              .hasSize(2)
              .allSatisfy(
                  statement -> {
                    assertThat(statement.path("Effect").textValue()).isEqualTo("Deny");
                    assertThat(
                            statement.at("/Condition/DateLessThan/aws:TokenIssueTime").textValue())
                        .isEqualTo("2026-11-21T12:00:01Z");
                    assertThat(statement.toString()).contains("pgbackup/shop/orders/*");
                  });
        });
    assertFails(
        () -> broker.revoke(ORDERS, Optional.empty()),
        problem -> assertThat(problem.hint().orElseThrow()).contains(ARNS.values()));
  }

  private static JsonNode json(String text) {
    try {
      return new JsonMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertFails(ThrowingCallable call, Consumer<Problem> expectation) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class, failure -> expectation.accept(failure.problem()));
  }
}
