package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.broker.Broker.Holder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "bootstrap",
    description = "Let a cluster have credentials, and note which folder is its.",
    footer = {
      "",
      "Needed before the first backup. Later it is worth while too: once noted, the folder can be put in",
      "doubt by nothing that somebody writes elsewhere. Makes the cluster's parent where the store needs",
      "one. Issues nothing. May be repeated.",
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
    Holder whose = brokerage.register(holder.cluster(), holder.uid());
    brokerage.broker().bootstrap(whose);
    say(
        "%s may have credentials for %s/%s"
            .formatted(whose.cluster(), whose.scope().bucket(), whose.scope().folder().path()));
    say("the first one: %sissue %s --role archiver".formatted(credentials(), holder));
  }
}
