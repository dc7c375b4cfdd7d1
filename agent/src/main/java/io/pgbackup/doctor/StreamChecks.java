package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ReplicationClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.postgres.jdbc.ServerHealth;
import io.pgbackup.postgres.jdbc.SlotState;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.stream.SlotName;
import io.pgbackup.wording.Sizes;
import java.util.Optional;

/// Whether the server would stream its WAL, tried as the agent does it, and what its slot is up to.
record StreamChecks(PgBackupConfig config) {
  private static final String NO_LIMIT = "-1";

  Outcome connection(ServerFacts facts) {
    if (!config.wal().streams()) {
      return Outcome.skip("wal.source is socket");
    }
    if (facts.inRecovery()) {
      return Outcome.skip("a standby: the agent streams from a primary");
    }
    try (ReplicationClient client = ReplicationClient.connect(config.postgres())) {
      var _ = client.identify();
      return Outcome.pass("the server lets %s replicate".formatted(config.postgres().user()));
    } catch (PgBackupException e) {
      return Outcome.fail(e.problem());
    }
  }

  Outcome slot(ServerFacts facts, ServerHealth health) {
    Optional<String> name =
        IdentityFile.beside(config.postgres().dataDirectory())
            .read()
            .map(Identity::uid)
            .map(SlotName::of);
    if (!config.wal().streams() || facts.inRecovery() || name.isEmpty()) {
      return Outcome.skip("the agent keeps no replication slot here");
    }
    try (PostgresClient client = PostgresClient.connect(config.postgres())) {
      return judge(name.get(), client.slot(name.get()), health.setting("max_slot_wal_keep_size"));
    }
  }

  /// @param limit `max_slot_wal_keep_size` in MiB
  static Outcome judge(String name, SlotState state, String limit) {
    if (state.slot().isEmpty()) {
      return Outcome.warn(
          "there is no replication slot " + name,
          "The agent makes it when it streams; see whether it runs.");
    }
    SlotState.Slot slot = state.slot().get();
    if (slot.lost()) {
      return Outcome.fail(
          Problem.postgresFailed(
              "the server gave up replication slot %s and what it kept".formatted(name),
              "The agent makes it anew, and a base backup closes the gap. Raise"
                  + " max_slot_wal_keep_size, and look why the agent was away."));
    }
    String kept =
        slot.restart()
            .map(restart -> ", which keeps " + Sizes.human(state.serverEnd().minus(restart)))
            .orElse("");
    if (!slot.active()) {
      return Outcome.warn(
          "nobody reads replication slot " + name + kept,
          "See whether the agent runs; until it does, WAL piles up on the server.");
    }
    return limit.equals(NO_LIMIT)
        ? Outcome.warn(
            "replication slot %s is read%s, and nothing limits it".formatted(name, kept),
            "Set max_slot_wal_keep_size to what the disk of pg_wal can spare: then a long outage"
                + " costs a gap, and not the server.")
        : Outcome.pass("replication slot %s is read%s".formatted(name, kept));
  }
}
