package io.pgbackup.credentials.open;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.aws.AwsBroker;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.credentials.broker.ParentCredentials;
import io.pgbackup.credentials.broker.StaticBroker;
import io.pgbackup.credentials.broker.TestedBroker;
import io.pgbackup.credentials.broker.TimedBroker;
import io.pgbackup.credentials.minio.MinioBroker;
import io.pgbackup.credentials.r2.R2Broker;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.open.Stores;
import java.time.Clock;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/// Opens whatever broker a configuration names, and the inventory that says for whom it issues.
public final class Brokers {
  private static final Clock CLOCK = Clock.systemUTC();

  private Brokers() {}

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if the configuration has no
  ///   section `broker`, or names a file that cannot be read
  public static Broker open(PgBackupConfig config) {
    return open(
        new BrokerSettings(
            config.storage(),
            config
                .broker()
                .orElseThrow(
                    () ->
                        Problem.misconfigured(
                                "the configuration has no section 'broker'",
                                "docs/credentials.md shows one for each kind of store.")
                            .asException())));
  }

  /// Every credential it issues was tried.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if a file that it names cannot
  ///   be read
  public static Broker open(BrokerSettings settings) {
    var _ = bucket(settings.storage());
    return new TestedBroker(
        new TimedBroker(ofKind(settings), settings.broker().timeToLive()), settings.storage());
  }

  private static Broker ofKind(BrokerSettings settings) {
    BrokerConfig broker = settings.broker();
    return switch (broker.kind()) {
      case MINIO -> new MinioBroker(broker, settings.storage(), CLOCK);
      case AWS -> AwsBroker.of(broker, settings.storage(), CLOCK);
      case R2 -> R2Broker.of(broker, CLOCK);
      case STATIC -> new StaticBroker(broker.keysDirectory().orElseThrow(), CLOCK);
    };
  }

  /// Looks into the bucket with `storage.credentials`; where there are none with the broker's own
  /// keys, and where there are none either as the SDK's default chain says.
  public static Inventory inventory(BrokerSettings settings) {
    StorageConfig storage = settings.storage();
    Optional<AccessKeys> keys =
        storage.credentials().isPresent() || settings.broker().keys().isEmpty()
            ? Optional.empty()
            : Optional.of(read(settings.broker()));
    return new Inventory(
        Stores.open(storage, keys), bucket(storage), new PrefixTemplate(storage.prefix()), CLOCK);
  }

  private static AccessKeys read(BrokerConfig broker) {
    AwsCredentials keys = ParentCredentials.of(broker, CLOCK).resolveCredentials();
    return new AccessKeys(keys.accessKeyId(), keys.secretAccessKey(), Optional.empty());
  }

  private static String bucket(StorageConfig storage) {
    if (!"s3".equals(storage.url().getScheme())) {
      throw Problem.misconfigured(
              "credentials are for a bucket, but storage.url is " + storage.url(),
              "A directory has the permissions of its files.")
          .asException();
    }
    return storage.url().getAuthority();
  }
}
