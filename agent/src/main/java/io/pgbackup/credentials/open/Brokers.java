package io.pgbackup.credentials.open;

import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.credentials.aws.AwsBroker;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.StaticBroker;
import io.pgbackup.credentials.r2.R2Broker;
import io.pgbackup.problem.Problem;
import java.time.Clock;
import java.util.Locale;

/// Opens whatever broker a configuration names.
public final class Brokers {
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

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if a file that it names cannot
  ///   be read
  public static Broker open(BrokerSettings settings) {
    BrokerConfig broker = settings.broker();
    return switch (broker.kind()) {
      case STATIC -> new StaticBroker(broker.keysDirectory().orElseThrow(), Clock.systemUTC());
      case AWS -> AwsBroker.of(broker, settings.storage(), Clock.systemUTC());
      case R2 -> R2Broker.of(broker, Clock.systemUTC());
      case MINIO ->
          throw Problem.misconfigured(
                  "broker.kind %s is not supported by this version"
                      .formatted(broker.kind().name().toLowerCase(Locale.ROOT)),
                  "Use another one.")
              .asException();
    };
  }
}
