package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.broker.Broker.Holder;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "bootstrap",
    description = "Let a cluster have credentials: before its first backup, and for its parent.",
    footer = {
      "",
      "Issues nothing. May be repeated.",
      "",
      "Example:",
      "  pgbackup -c broker.yaml credentials bootstrap --namespace shop --cluster orders",
    })
final class BootstrapCommand extends CredentialVerb {
  @Mixin private final HolderOptions holder = new HolderOptions();

  BootstrapCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(BrokerSettings settings, Brokerage brokerage) {
    Holder whose =
        holder
            .uid()
            .map(uid -> brokerage.holder(holder.cluster(), Optional.of(uid)))
            .orElseGet(() -> brokerage.register(holder.cluster()));
    brokerage.broker().bootstrap(whose);
    say(
        "%s may have credentials for %s/%s"
            .formatted(whose.cluster(), whose.scope().bucket(), whose.scope().folder().path()));
    say("the first one: pgbackup credentials issue %s --role archiver".formatted(holder));
  }
}
