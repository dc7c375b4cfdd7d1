package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.PgBackupException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "revoke",
    description = "End the credentials of a cluster that were issued before now, at once.",
    footer = {
      "",
      "An agent that loses its credential keeps WAL in pg_wal until it gets another one; where",
      "'credentials serve' runs, that is within five minutes.",
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
    List<Holder> folders =
        holder
            .uid()
            .map(uid -> List.of(brokerage.holder(holder.cluster(), Optional.of(uid))))
            .orElseGet(() -> brokerage.clusters().all(holder.cluster()));
    String which =
        "every %scredential of %s for %s"
            .formatted(
                wanted.map(it -> it.word() + " ").orElse(""),
                holder.cluster(),
                folders.stream()
                    .map(it -> it.scope().folder().path())
                    .collect(Collectors.joining(" and ")));
    surroundings().prompt().confirm("End " + which, yes);
    endAll(folders, wanted, brokerage.broker());
    say(which + " has ended");
    say(
        "the next one: %sissue %s --role %s"
            .formatted(credentials(), holder, wanted.map(Role::word).orElse("ROLE")));
  }

  /// One that cannot be ended keeps none of the others.
  private void endAll(List<Holder> folders, Optional<Role> wanted, Broker broker) {
    Optional<PgBackupException> failure = Optional.empty();
    for (Holder each : folders) {
      try {
        broker.revoke(each, wanted);
      } catch (PgBackupException e) {
        failure.ifPresent(this::sayFailure);
        failure = Optional.of(e);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private void sayFailure(PgBackupException failure) {
    say("NOTE: " + failure.getMessage());
    failure.problem().hint().ifPresent(hint -> say("HINT: " + hint));
  }
}
