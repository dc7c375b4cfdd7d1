package io.pgbackup.config;

import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.credentials.policy.Role;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Who issues the credentials of a fleet, and from which parent credential. Needed where
/// credentials are issued, never beside a database.
///
/// @param endpoint of MinIO, or of an STS that is not AWS's own; otherwise empty
/// @param keys the parent credential; always there for MinIO and R2, for AWS empty where the SDK's
///   default chain is asked
/// @param roleArns for AWS, one for each role; otherwise empty
/// @param cloudflareAccountId always there for R2
/// @param jurisdiction of the bucket at R2, `eu` for instance; empty for none
/// @param keysDirectory always there for static keys: `NAMESPACE/CLUSTER/ROLE/` with one file each
/// @param timeToLive of a credential, by role; where it is absent, what suits role and store
/// @param outputs what `pgbackup credentials serve` keeps fresh
/// @param listen where it says how it gets on
public record BrokerConfig(
    BrokerKind kind,
    Optional<URI> endpoint,
    Optional<ParentKeys> keys,
    Map<Role, String> roleArns,
    Optional<String> cloudflareAccountId,
    Optional<String> jurisdiction,
    Optional<Path> keysDirectory,
    Map<Role, Duration> timeToLive,
    List<OutputConfig> outputs,
    HttpConfig listen) {
  public static final HttpConfig LISTEN = new HttpConfig("127.0.0.1", 9798);

  public BrokerConfig {
    outputs = List.copyOf(outputs);
    roleArns = Map.copyOf(roleArns);
    timeToLive = Map.copyOf(timeToLive);
  }

  /// Without anything to keep fresh.
  public BrokerConfig(
      BrokerKind kind,
      Optional<URI> endpoint,
      Optional<ParentKeys> keys,
      Map<Role, String> roleArns,
      Optional<String> cloudflareAccountId,
      Optional<String> jurisdiction,
      Optional<Path> keysDirectory,
      Map<Role, Duration> timeToLive) {
    this(
        kind,
        endpoint,
        keys,
        roleArns,
        cloudflareAccountId,
        jurisdiction,
        keysDirectory,
        timeToLive,
        List.of(),
        LISTEN);
  }

  /// Of R2; empty for other kinds.
  public Optional<R2Account> r2Account() {
    return cloudflareAccountId()
        .map(
            id ->
                new R2Account(
                    id,
                    jurisdiction()
                        .map(word -> R2Account.Jurisdiction.valueOf(word.toUpperCase(Locale.ROOT)))
                        .orElse(R2Account.Jurisdiction.DEFAULT)));
  }

  /// Files that hold one secret each.
  public record ParentKeys(Path accessKeyIdFile, Path secretAccessKeyFile) {}

  /// Whose service derives credentials.
  public enum BrokerKind {
    MINIO,
    AWS,
    R2,
    /// Nobody's: keys that somebody made by hand.
    STATIC
  }
}
