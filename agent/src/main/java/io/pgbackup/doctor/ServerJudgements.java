package io.pgbackup.doctor;

import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.postgres.jdbc.ServerHealth;
import io.pgbackup.postgres.jdbc.ServerHealth.Slot;
import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Sizes;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/// What a server says of itself, judged. Pure.
final class ServerJudgements {
  private static final int OLDEST = 14;
  private static final int NEWEST = 18;
  private static final long MUCH = 1L << 30;
  private static final Duration LONG = Duration.ofMinutes(5);

  private ServerJudgements() {}

  static Outcome version(ServerVersion version) {
    if (version.major() < OLDEST) {
      return Outcome.fail(
          Problem.postgresFailed(
              "PostgreSQL %s is older than %d".formatted(version, OLDEST),
              "Upgrade the server; pgbackup supports %d to %d.".formatted(OLDEST, NEWEST)));
    }
    return version.major() > NEWEST
        ? Outcome.warn(
            "PostgreSQL %s is newer than %d, the newest that was tested".formatted(version, NEWEST),
            "Look for a newer pgbackup, and try a restore.")
        : Outcome.pass("PostgreSQL %s is supported".formatted(version));
  }

  static Outcome role(ServerFacts facts) {
    return Outcome.pass(
        facts.inRecovery()
            ? "a standby: it archives under archive_mode = always only, and base backups are taken of"
                + " it under backup.from: standby only"
            : "a primary, on timeline " + facts.timeline());
  }

  static Outcome rights(List<String> missing, String user) {
    return missing.isEmpty()
        ? Outcome.pass("role %s may take backups and see the archiver".formatted(user))
        : Outcome.fail(
            Problem.postgresFailed(
                "role %s lacks %s".formatted(user, String.join(", ", missing)),
                "GRANT pg_monitor TO %1$s; and GRANT EXECUTE ON FUNCTION ... TO %1$s for the others:"
                        .formatted(user)
                    + " docs/base-backups.md."));
  }

  static Outcome walLevel(String level) {
    return level.equals("minimal")
        ? Outcome.fail(
            Problem.postgresFailed(
                "wal_level is minimal: its WAL cannot be restored from",
                "Set wal_level = replica and restart the server."))
        : Outcome.pass("wal_level is " + level);
  }

  static Outcome archiveTimeout(Duration timeout) {
    if (timeout.isZero()) {
      return Outcome.warn(
          "archive_timeout is 0: commits wait for the archive until their segment is full",
          "Set archive_timeout = 60 and reload the server; otherwise nothing limits what a lost"
              + " server takes along.");
    }
    return timeout.compareTo(Duration.ofHours(1)) > 0
        ? Outcome.warn(
            "archive_timeout is %d s: a lost server may take that much along"
                .formatted(timeout.toSeconds()),
            "Set archive_timeout = 60 and reload the server.")
        : Outcome.pass("archive_timeout is %d s".formatted(timeout.toSeconds()));
  }

  /// @param archiving whether this server is to archive
  static Outcome archiver(ArchiverStats stats, boolean archiving) {
    if (!archiving) {
      return Outcome.skip("this server does not archive");
    }
    boolean failing =
        stats
            .lastFailed()
            .filter(
                failed ->
                    stats.lastArchived().map(done -> failed.at().isAfter(done.at())).orElse(true))
            .isPresent();
    String waiting =
        stats.waitingFiles() == 0
            ? ""
            : "; %d files wait, the oldest for %d s"
                .formatted(stats.waitingFiles(), stats.lag().toSeconds());
    if (failing) {
      return Outcome.fail(
          Problem.postgresFailed(
              stats.words() + waiting,
              "The server's log has the command's words. PostgreSQL keeps the WAL and tries again;"
                  + " see the checks of the agent below."));
    }
    return stats.lag().compareTo(LONG) > 0
        ? Outcome.warn(stats.words() + waiting, "See whether the agent runs and reaches the store.")
        : Outcome.pass(
            stats.words()
                + waiting
                + (stats.failedCount() == 0
                    ? ""
                    : "; %d attempts have failed since the statistics began"
                        .formatted(stats.failedCount())));
  }

  static Outcome slots(List<Slot> slots) {
    List<Slot> abandoned = slots.stream().filter(slot -> !slot.active()).toList();
    if (abandoned.isEmpty()) {
      return Outcome.pass(
          slots.isEmpty()
              ? "no replication slots"
              : "%d replication slots, all in use".formatted(slots.size()));
    }
    String found =
        "nobody uses the replication slots "
            + abandoned.stream()
                .map(
                    slot ->
                        slot.name()
                            + slot.retained().stream()
                                .mapToObj(bytes -> " (holds " + Sizes.human(bytes) + " of WAL)")
                                .collect(Collectors.joining()))
                .collect(Collectors.joining(", "));
    boolean much = abandoned.stream().anyMatch(slot -> slot.retained().orElse(0) > MUCH);
    return Outcome.warn(
        found,
        (much ? "They fill the disk. " : "In time they fill the disk. ")
            + "SELECT pg_drop_replication_slot('...') for those that no standby needs, or set"
            + " max_slot_wal_keep_size.");
  }

  static Outcome durability(ServerHealth health) {
    List<String> off =
        List.of("fsync", "full_page_writes").stream()
            .filter(name -> health.setting(name).equals("off"))
            .toList();
    return off.isEmpty()
        ? Outcome.pass("fsync and full_page_writes are on")
        : Outcome.warn(
            String.join(" and ", off)
                + " off: after a crash the data, and what is copied of them,"
                + " may be damaged",
            "Set %s, unless the data may be lost."
                .formatted(String.join(" = on, ", off) + " = on"));
  }

  static Outcome checksums(boolean on) {
    return on
        ? Outcome.pass("data checksums are on: base backups check every page")
        : Outcome.warn(
            "data checksums are off: a base backup copies damaged pages without noticing",
            "Stop the server and run pg_checksums --enable.");
  }
}
