package io.pgbackup.credentials.broker;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.FileCredentialsProvider;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/// Hands out keys that somebody made by hand, one user per cluster and role, for stores that derive
/// none. They lie in `NAMESPACE/CLUSTER/ROLE/` of one directory, in the files `accessKeyId` and
/// `secretAccessKey`. Thread-safe.
public final class StaticBroker implements Broker {
  private final Path directory;
  private final Clock clock;

  public StaticBroker(Path directory, Clock clock) {
    this.directory = directory;
    this.clock = clock;
  }

  /// Makes nothing: checks that the keys are there.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if the key of a role is missing; the
  ///   hint holds the policy to give it
  @Override
  public void bootstrap(Holder holder) {
    for (Role role : Role.values()) {
      var _ = files(holder, role);
    }
  }

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    if (timeToLive.isPresent()) {
      throw Problem.refused(
              "a static key does not expire, so it cannot be issued for a time",
              "Leave the time out, or use a broker.kind that derives credentials.")
          .asException();
    }
    AwsCredentials keys =
        new FileCredentialsProvider(files(holder, role), clock).resolveCredentials();
    return new CredentialDocument(
        role,
        holder.scope().bucket(),
        holder.scope().folder(),
        new AccessKeys(keys.accessKeyId(), keys.secretAccessKey(), Optional.empty()),
        clock.instant(),
        Optional.empty());
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    throw Problem.refused(
            "pgbackup cannot end the static keys of " + holder.cluster(),
            "Disable or delete their users in the store, then put new keys into %s."
                .formatted(directory(holder)))
        .asException();
  }

  private CredentialFiles files(Holder holder, Role role) {
    Path ofRole = directory(holder).resolve(role.word());
    var files =
        new CredentialFiles(
            ofRole.resolve("accessKeyId"), ofRole.resolve("secretAccessKey"), Optional.empty());
    if (!Files.exists(files.accessKeyIdFile()) || !Files.exists(files.secretAccessKeyFile())) {
      throw Problem.notFound(
              "there is no key of the role %s for %s in %s"
                  .formatted(role.word(), holder.cluster(), ofRole),
              "Make a user for it alone with this policy, and put its key into the files accessKeyId"
                  + " and secretAccessKey there: "
                  + AccessPolicy.of(role, holder.scope()))
          .asException();
    }
    return files;
  }

  private Path directory(Holder holder) {
    return directory.resolve(holder.cluster().namespace()).resolve(holder.cluster().name());
  }

  @Override
  public void close() {
    // holds nothing
  }
}
