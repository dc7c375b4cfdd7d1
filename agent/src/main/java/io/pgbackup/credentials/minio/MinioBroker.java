package io.pgbackup.credentials.minio;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.ParentCredentials;
import io.pgbackup.credentials.minio.MinioSts.Session;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.s3.StoreHttp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/// Issues sessions of MinIO. Each cluster's folder has a parent user of its own, because sessions
/// of one parent can end each other; nobody holds its secret, which follows from the broker's own.
/// Thread-safe.
public final class MinioBroker implements Broker {
  private final SignedHttp http;
  private final MinioAdmin admin;
  private final MinioSts sts;
  private final AwsCredentialsProvider keys;
  private final PrefixTemplate template;
  private final Clock clock;

  public MinioBroker(BrokerConfig config, StorageConfig storage, Clock clock) {
    this.keys = ParentCredentials.of(config, clock);
    this.http =
        new SignedHttp(
            StoreHttp.client(storage.caFile()), config.endpoint().orElseThrow(), storage.region());
    this.admin = new MinioAdmin(http, this::ownKeys);
    this.sts = new MinioSts(http);
    this.template = new PrefixTemplate(storage.prefix());
    this.clock = clock;
  }

  @Override
  public void bootstrap(Holder holder) {
    ParentUser parent = parent(holder);
    AccessPolicy policy = AccessPolicy.ofParent(holder.scope());
    admin.putPolicy(parent.name(), policy);
    admin.putUser(parent.name(), parent.secret(ownKeys()));
    admin.attach(parent.name(), parent.name());
  }

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    Duration time = TimesToLive.of(role, timeToLive);
    Instant issuedAt = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Session session =
        assumeRole(holder, role, time)
            .or(
                () -> {
                  makeAgain(holder);
                  return assumeRole(holder, role, time);
                })
            .orElseThrow(
                () ->
                    Problem.storageFailed(
                            "MinIO does not accept the parent user of " + holder.cluster(),
                            "Check the clocks of both; see MinIO's own log.")
                        .asException());
    return new CredentialDocument(
        role,
        holder.scope().bucket(),
        holder.scope().folder(),
        session.keys(),
        issuedAt,
        Optional.of(session.expiration()));
  }

  private Optional<Session> assumeRole(Holder holder, Role role, Duration time) {
    ParentUser parent = parent(holder);
    return sts.assumeRole(
        new AccessKeys(parent.name(), parent.secret(ownKeys()), Optional.empty()),
        AccessPolicy.of(role, holder.scope()),
        time,
        label(holder, role));
  }

  /// A cluster whose backups are there needs no bootstrap, and the broker's key may have changed.
  /// But somebody who disabled the user meant it.
  private void makeAgain(Holder holder) {
    String user = parent(holder).name();
    if (admin.isEnabled(user).equals(Optional.of(false))) {
      throw Problem.refused(
              "MinIO's user %s is disabled".formatted(user),
              "Where that was not meant, 'pgbackup -c FILE credentials bootstrap' enables it again.")
          .asException();
    }
    bootstrap(holder);
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    admin.revokeSessions(parent(holder).name(), role.map(it -> label(holder, it)));
  }

  private ParentUser parent(Holder holder) {
    return ParentUser.of(holder, template);
  }

  private static String label(Holder holder, Role role) {
    return holder.cluster().name() + "-" + role.word();
  }

  private AccessKeys ownKeys() {
    AwsCredentials own = keys.resolveCredentials();
    return new AccessKeys(own.accessKeyId(), own.secretAccessKey(), Optional.empty());
  }

  @Override
  public void close() {
    http.close();
  }
}
