package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.RenewalListener;
import io.pgbackup.credentials.broker.RenewedOutput;
import io.pgbackup.credentials.serve.CredentialServer;
import io.pgbackup.problem.PgBackupException;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;

@Command(
    name = "serve",
    description = "Keep the credentials of broker.outputs fresh until it is told to end.",
    footer = {
      "",
      "Each is renewed a little before half its life, in a file or a Secret of Kubernetes. What is in",
      "use stays until the next one has passed its test. /metrics and /healthz on broker.listen.",
      "",
      "Example:",
      "  pgbackup -c broker.yaml credentials serve",
    })
final class ServeCommand extends CredentialVerb {
  ServeCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(BrokerSettings settings, Brokerage brokerage) {
    CountDownLatch asked = new CountDownLatch(1);
    try (CredentialServer server =
        CredentialServer.start(
            settings.broker(),
            brokerage::clusters,
            brokerage.broker(),
            new Words(),
            surroundings().clock())) {
      say(
          "keeps %d credentials fresh; http://%s:%d/metrics"
              .formatted(
                  settings.broker().outputs().size(),
                  server.address().getHostString(),
                  server.address().getPort()));
      untilAsked(asked, server);
    }
  }

  /// After a signal the JVM would exit with the signal's number.
  private static void untilAsked(CountDownLatch asked, CredentialServer server) {
    Thread hook =
        Thread.ofPlatform()
            .name("shutdown")
            .unstarted(
                () -> {
                  try {
                    server.close();
                  } finally {
                    Runtime.getRuntime().halt(0);
                  }
                });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      asked.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  /// One line for each renewal and each failure, on standard error.
  private final class Words implements RenewalListener {
    @Override
    public void renewed(RenewedOutput output, CredentialDocument credential) {
      tell(
          "renewed: %s, until %s"
              .formatted(output, credential.expiration().map(Instant::toString).orElse("further")));
    }

    @Override
    public void failed(RenewedOutput output, RuntimeException reason) {
      tell("WARNING: not renewed: %s: %s".formatted(output, why(reason)));
    }

    private String why(RuntimeException reason) {
      return reason instanceof PgBackupException known
          ? known.getMessage() + known.problem().hint().map(hint -> ". " + hint).orElse("")
          : "unexpected: " + reason;
    }

    private void tell(String words) {
      say(surroundings().clock().instant() + " " + words);
    }
  }
}
