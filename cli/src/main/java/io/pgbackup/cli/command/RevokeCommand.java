package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.Role;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "revoke",
    description = "End the credentials of a cluster that were issued before now, at once.",
    footer = {
      "",
      "An agent that loses its credential keeps WAL in pg_wal until it gets another one.",
      "",
      "Example:",
      "  pgbackup -c broker.yaml credentials revoke --namespace shop --cluster orders --role archiver",
    })
final class RevokeCommand extends CredentialVerb {
  @Mixin private final HolderOptions holder = new HolderOptions();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      description = "Of this role only; all of them if left out.")
  private @Nullable String role;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  RevokeCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(BrokerSettings settings, Brokerage brokerage) {
    Optional<Role> wanted = Optional.ofNullable(role).map(HolderOptions::role);
    Holder whose = brokerage.holder(holder.cluster(), holder.uid());
    String which =
        "every %scredential of %s"
            .formatted(wanted.map(it -> it.word() + " ").orElse(""), whose.cluster());
    surroundings().prompt().confirm("End " + which, yes);
    brokerage.broker().revoke(whose, wanted);
    say(which + " has ended");
    say(
        "the next one: pgbackup credentials issue %s --role %s"
            .formatted(holder, wanted.map(Role::word).orElse("ROLE")));
  }
}
