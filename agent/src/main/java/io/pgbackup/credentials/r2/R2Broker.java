package io.pgbackup.credentials.r2;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.ParentCredentials;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.Problem;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/// Signs temporary credentials of R2 with a parent access key, without asking anybody: it works
/// while Cloudflare does not, and what it issued ends by time or with its parent, not before.
public final class R2Broker implements Broker {
  private static final Duration LONGEST = Duration.ofDays(7);

  private final R2Account account;
  private final URI endpoint;
  private final AwsCredentialsProvider parent;
  private final InstantSource clock;

  /// As the configuration has it; the files are read when something is issued.
  public static R2Broker of(BrokerConfig broker, InstantSource clock) {
    R2Account account = broker.r2Account().orElseThrow();
    return new R2Broker(account, account.endpoint(), ParentCredentials.of(broker, clock), clock);
  }

  /// @param endpoint the account's, or that of a stand-in: a token counts at one address only
  /// @param parent of an R2 API token "Object Read & Write" that is limited to the bucket; asked
  ///   for at each issue
  public R2Broker(
      R2Account account, URI endpoint, AwsCredentialsProvider parent, InstantSource clock) {
    this.account = account;
    this.endpoint = endpoint;
    this.parent = parent;
    this.clock = clock;
  }

  /// There is nothing to prepare: one parent serves every cluster. Its form is checked.
  @Override
  public void bootstrap(Holder holder) {
    var _ = parentKeys();
  }

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant end = now.plusSeconds(seconds(timeToLive.orElseGet(() -> usual(role))));
    var token = new R2Token(account.id(), endpoint, holder.scope(), role, now, end);
    return new CredentialDocument(
        role,
        holder.scope().bucket(),
        holder.scope().folder(),
        token.signedBy(parentKeys()),
        now,
        Optional.of(end));
  }

  private static Duration usual(Role role) {
    return switch (role) {
      case ARCHIVER, RESTORER -> Duration.ofHours(12);
      case RETENTION -> Duration.ofHours(1);
    };
  }

  private static long seconds(Duration timeToLive) {
    if (timeToLive.toSeconds() < 1 || timeToLive.compareTo(LONGEST) > 0) {
      throw Problem.misconfigured(
              "a credential of R2 lives 1 second to 7 days, not " + timeToLive.toSeconds() + " s",
              "Ask for a shorter time, and renew the credential before it ends.")
          .asException();
    }
    return timeToLive.toSeconds();
  }

  private AccessKeys parentKeys() {
    AwsCredentials keys = parent.resolveCredentials();
    boolean temporary = keys instanceof AwsSessionCredentials;
    if (temporary || !keys.accessKeyId().matches("[0-9a-f]{32}")) {
      throw notAParent(temporary ? "it is a temporary one" : "its id is not 32 hexadecimal digits");
    }
    if (!keys.secretAccessKey().matches("[0-9a-f]{64}")) {
      throw notAParent("its secret is not 64 hexadecimal digits");
    }
    return new AccessKeys(keys.accessKeyId(), keys.secretAccessKey(), Optional.empty());
  }

  private static RuntimeException notAParent(String reason) {
    return Problem.misconfigured(
            "the broker's access key cannot be a parent of credentials of R2: " + reason,
            "Create an R2 API token with Object Read & Write for the bucket, and put its access key"
                + " id and secret access key into the broker's files.")
        .asException();
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    throw Problem.refused(
            "R2 cannot end the credentials of " + holder.cluster() + " alone",
            "They end when they expire. To end all that was issued from the broker's access key at"
                + " once, of every cluster, delete its R2 API token in the Cloudflare dashboard,"
                + " then give the broker a new one and issue again.")
        .asException();
  }

  @Override
  public void close() {
    // Holds nothing open: each issue reads the parent anew.
  }
}
