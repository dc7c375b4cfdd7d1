package io.pgbackup.credentials.aws;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.ParentCredentials;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.Problem;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleRequest;
import software.amazon.awssdk.services.sts.model.Credentials;

/// Asks STS for a session of the role's IAM role, limited by a session policy to the cluster's
/// folder: what the session may do is what both allow.
public final class AwsBroker implements Broker {
  private static final Duration SHORTEST = Duration.ofMinutes(15);
  private static final Duration LONGEST = Duration.ofHours(12);
  // What AWS allows to a broker that itself has a role's credentials, as in a pod.
  private static final Duration USUAL = Duration.ofHours(1);

  private final Map<Role, String> roleArns;
  private final StsClient client;
  private final InstantSource clock;

  /// As the configuration has it.
  public static AwsBroker of(BrokerConfig broker, StorageConfig storage, InstantSource clock) {
    return new AwsBroker(
        broker.roleArns(),
        storage.region(),
        broker.endpoint(),
        ParentCredentials.of(broker, clock),
        clock);
  }

  /// @param roleArns one for each role; several may have the same one
  /// @param region whose STS is asked
  /// @param endpoint of an STS that is not AWS's own
  /// @param own what the broker calls STS with; it needs `sts:AssumeRole` on the roles and nothing
  ///   else
  public AwsBroker(
      Map<Role, String> roleArns,
      String region,
      Optional<URI> endpoint,
      AwsCredentialsProvider own,
      InstantSource clock) {
    this.roleArns = Map.copyOf(roleArns);
    this.clock = clock;
    var builder =
        StsClient.builder()
            .region(Region.of(region))
            .credentialsProvider(own)
            .httpClient(UrlConnectionHttpClient.create());
    endpoint.ifPresent(builder::endpointOverride);
    this.client = builder.build();
  }

  /// There is nothing to prepare for a cluster: the IAM roles serve all of them.
  @Override
  public void bootstrap(Holder holder) {
    for (Role role : Role.values()) {
      var _ = arn(role);
    }
  }

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    String arn = arn(role);
    AssumeRoleRequest request =
        AssumeRoleRequest.builder()
            .roleArn(arn)
            .roleSessionName(SessionName.of(holder.cluster(), role))
            .policy(AccessPolicy.of(role, holder.scope()).json())
            .durationSeconds(seconds(timeToLive.orElse(USUAL)))
            .build();
    Instant before = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Credentials session = ask(holder, role, arn, request);
    return new CredentialDocument(
        role,
        holder.scope().bucket(),
        holder.scope().folder(),
        new AccessKeys(
            session.accessKeyId(), session.secretAccessKey(), Optional.of(session.sessionToken())),
        before,
        Optional.of(session.expiration()));
  }

  private Credentials ask(Holder holder, Role role, String arn, AssumeRoleRequest request) {
    try {
      return client.assumeRole(request).credentials();
    } catch (SdkException e) {
      String doing =
          "cannot get credentials of the role %s for %s by assuming %s"
              .formatted(role.word(), holder.cluster(), arn);
      throw StsFailures.problem(doing, e).causedBy(e);
    }
  }

  private static int seconds(Duration timeToLive) {
    if (timeToLive.compareTo(SHORTEST) < 0 || timeToLive.compareTo(LONGEST) > 0) {
      throw Problem.misconfigured(
              "a session on AWS lives 15 minutes to 12 hours, not " + timeToLive.toSeconds() + " s",
              "One hour always works; longer ones need a greater MaxSessionDuration of the IAM role"
                  + " and a broker with an access key of its own.")
          .asException();
    }
    return Math.toIntExact(timeToLive.toSeconds());
  }

  private String arn(Role role) {
    String arn = roleArns.get(role);
    if (arn == null) {
      throw Problem.misconfigured(
              "broker.roleArns names no IAM role for the role " + role.word(),
              "docs/credentials-aws.md shows how to make one.")
          .asException();
    }
    return arn;
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    Instant now = clock.instant().plusSeconds(1).truncatedTo(ChronoUnit.SECONDS);
    String arns =
        role.map(List::of).orElseGet(() -> List.of(Role.values())).stream()
            .map(this::arn)
            .distinct()
            .collect(Collectors.joining(", "));
    throw Problem.refused(
            "AWS ends no sessions one by one, and pgbackup may not change IAM roles",
            "Add this as an inline policy to %s, and remove it when the last of them would have expired; it stops what was issued for %s so far, within seconds: %s"
                .formatted(arns, holder.cluster(), new RevocationPolicy(holder.scope(), now)))
        .asException();
  }

  @Override
  public void close() {
    client.close();
  }
}
