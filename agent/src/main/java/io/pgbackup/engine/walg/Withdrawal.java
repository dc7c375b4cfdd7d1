package io.pgbackup.engine.walg;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a base backup that WAL-G completed and that failed a proof from being used: a mark beside
/// it, which every reader of ours heeds. Its objects stay, since deleting takes a right that the
/// agent need not have.
record Withdrawal(ObjectStore store, ArchiveLayout layout, InstantSource clock) {
  private static final Logger LOG = LoggerFactory.getLogger(Withdrawal.class);

  /// @param reason gets what goes wrong here as well
  /// @return the same, and what is to be done about the objects
  PgBackupException of(BackupName name, PgBackupException reason) {
    ObjectNode mark = JsonNodeFactory.instance.objectNode();
    mark.put("backup", name.value());
    mark.put("withdrawnAt", clock.instant().toString());
    mark.put("reason", reason.problem().message());
    try {
      var _ =
          store.create(
              layout.withdrawal(name), mark.toString().getBytes(StandardCharsets.UTF_8), Map.of());
      LOG.atWarn()
          .addKeyValue("backup", name)
          .addKeyValue("reason", reason.problem().message())
          .log("base backup withdrawn; its objects stay");
      return withHint(
          reason,
          "wal-g had stored this base backup already: it is withdrawn, and its objects stay in %s"
                  .formatted(layout.backup(name).path())
              + " until retention has passed over its time; "
              + remedy(name)
              + " at once.");
    } catch (PgBackupException e) {
      reason.addSuppressed(e);
      LOG.atError()
          .addKeyValue("backup", name)
          .addKeyValue("problem", e.problem().message())
          .log("a base backup that failed its proof could not be withdrawn, and is offered");
      return withHint(
          reason,
          "wal-g had stored this base backup already in %s, and it is offered for restores,"
                  .formatted(layout.backup(name).path())
              + " because the mark against it could not be written: "
              + remedy(name)
              + ".");
    }
  }

  private static String remedy(BackupName name) {
    return "'wal-g delete target %s --confirm', with WAL-G's settings for this archive, removes it"
        .formatted(name);
  }

  private static PgBackupException withHint(PgBackupException reason, String more) {
    Problem problem = reason.problem();
    String hint = problem.hint().map(before -> before + " " + more).orElse(more);
    Problem told =
        problem instanceof Problem.Refused
            ? Problem.refused(problem.message(), hint)
            : Problem.verificationFailed(problem.message(), hint);
    return told.causedBy(reason);
  }
}
