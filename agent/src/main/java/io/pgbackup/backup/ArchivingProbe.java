package io.pgbackup.backup;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.WalProof;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Asks before a base backup whether it could ever end: a finished WAL segment must reach the
/// store. Without this an archive command that fails shows only hours later, when all files are
/// copied.
///
/// It must be this server's: where another one with the same data, a clone that runs beside it for
/// instance, archives into the lineage, segments of the same names come from there, and a base
/// backup of this one would be restored with them.
///
/// It also makes sure that the history of the server's timeline lies in the archive. A server that
/// was promoted before it archived never offers that file, and without it PostgreSQL refuses to
/// recover along that timeline.
///
/// A standby finishes no segment. Of it the last one that it replayed whole must be there, and its
/// timeline's history, which its primary's agent stores.
public final class ArchivingProbe implements Runnable {
  private static final int ATTEMPTS = 2;

  private final PostgresConfig postgres;
  private final boolean streams;
  private final Claim claim;
  private final WalEngine wal;
  private final WalProof proof;
  private final Duration deadline;
  private final BackupSource from;
  private final Optional<WalEngine> reader;

  /// @param streams whether WAL is received over the replication protocol, so that the server need
  ///   not archive
  /// @param claim of the lineage that the backup goes to
  /// @param from what the server has to be
  /// @param reader of what was archived; empty where this host has no key to read it with
  public ArchivingProbe(
      PostgresConfig postgres,
      boolean streams,
      Claim claim,
      WalEngine wal,
      WalProof proof,
      Duration deadline,
      BackupSource from,
      Optional<WalEngine> reader) {
    this.postgres = postgres;
    this.streams = streams;
    this.claim = claim;
    this.wal = wal;
    this.proof = proof;
    this.deadline = deadline;
    this.from = from;
    this.reader = reader;
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the server or its data are not the
  ///   lineage's or its role is another, `Misconfigured` if it does not archive, `TimedOut` if its
  ///   segment does not arrive
  @Override
  public void run() {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      ServerFacts facts = client.facts();
      requireOurs(facts);
      requireOurData();
      requireRole(facts);
      if (facts.inRecovery()) {
        proveReplayed(client, facts);
        return;
      }
      requireArchiving(facts);
      if (!facts.timeline().equals(Timeline.FIRST)) {
        pushHistory(facts.timeline());
      }
      proveArchiving(client, facts);
    }
  }

  private void proveArchiving(PostgresClient client, ServerFacts facts) {
    for (int attempt = 1; ; attempt++) {
      String mark = "base backup " + UUID.randomUUID();
      WalSegment segment = finishedSegment(client, facts, mark);
      if (reader.isEmpty() || holds(reader.get(), segment, mark)) {
        return;
      }
      if (attempt == ATTEMPTS) {
        throw another(segment);
      }
    }
  }

  private PgBackupException another(WalSegment segment) {
    return Problem.refused(
            "segment %s in the archive is not what this server wrote under that name"
                .formatted(segment),
            "Another server with the same data, a clone or a copy of the volume, archives into"
                + " lineage %s. Find it; give one of the two a lineage of its own."
                    .formatted(claim.uid()))
        .asException();
  }

  /// One that is in the store and has this mark, if it is this server's.
  private WalSegment finishedSegment(PostgresClient client, ServerFacts facts, String mark) {
    client.mark(mark);
    // twice: the end of a page may cut one of them in two
    WalSegment segment =
        WalSegment.containing(facts.timeline(), client.mark(mark).plus(-1), facts.segmentSize());
    client.switchWal();
    proof.await(List.of(segment), deadline, () -> client.archiverStats().words());
    return segment;
  }

  private static boolean holds(WalEngine reader, WalSegment segment, String mark) {
    return reader
        .fetch(WalFileName.parse(segment.fileName()))
        .filter(content -> contains(content, mark.getBytes(US_ASCII)))
        .isPresent();
  }

  private static boolean contains(byte[] content, byte[] mark) {
    for (int at = 0; at <= content.length - mark.length; at++) {
      if (content[at] == mark[0]
          && Arrays.equals(content, at, at + mark.length, mark, 0, mark.length)) {
        return true;
      }
    }
    return false;
  }

  private void requireOurs(ServerFacts facts) {
    if (!facts.systemIdentifier().equals(claim.systemIdentifier())
        || facts.version().major() != claim.serverVersion().major()) {
      throw Problem.refused(
              "the server (system identifier %s, PostgreSQL %d) is not that of lineage %s (%s, %d)"
                  .formatted(
                      facts.systemIdentifier(),
                      facts.version().major(),
                      claim.uid(),
                      claim.systemIdentifier(),
                      claim.serverVersion().major()),
              "Another cluster and every major version need a lineage of their own; check"
                  + " postgres.host and cluster.name.")
          .asException();
    }
  }

  /// A restore in place keeps the system identifier and brings another lineage's data, whose
  /// history file must not come into this archive.
  private void requireOurData() {
    Optional<LineageUid> standing =
        IdentityFile.beside(postgres.dataDirectory()).read().map(Identity::uid);
    if (!standing.equals(Optional.of(claim.uid()))) {
      throw Problem.refused(
              "the data directory %s is of %s, and this base backup would be of lineage %s"
                  .formatted(
                      postgres.dataDirectory(),
                      standing.map(uid -> "lineage " + uid).orElse("no lineage"),
                      claim.uid()),
              "After a restore the agent takes a base backup of the new lineage by itself.")
          .asException();
    }
  }

  private void requireRole(ServerFacts facts) {
    if (facts.inRecovery() && from == BackupSource.PRIMARY) {
      throw Problem.refused(
              "the server is in recovery, and base backups are taken of the primary",
              "Let the agent beside the primary take it, or set backup.from: standby.")
          .asException();
    }
    if (!facts.inRecovery() && from == BackupSource.STANDBY) {
      throw Problem.refused(
              "the server is a primary, and backup.from is standby",
              "Let the agent beside a standby take it. Where there is none any more, set"
                  + " backup.from: primary.")
          .asException();
    }
  }

  private void proveReplayed(PostgresClient client, ServerFacts facts) {
    WalSegment next =
        WalSegment.containing(
            facts.timeline(), client.archiverStats().currentLsn(), facts.segmentSize());
    // a cluster's first segment begins at its size
    if (next.start().compareTo(new Lsn(2L * facts.segmentSize().bytes())) < 0) {
      return;
    }
    WalSegment whole = next.previous();
    WalSegment stored = whole.on(history(facts.timeline()).at(whole.end().plus(-1)));
    proof.await(
        List.of(stored), deadline, () -> "the server is a standby, and its primary archives");
  }

  private TimelineHistory history(Timeline timeline) {
    if (timeline.equals(Timeline.FIRST)) {
      return TimelineHistory.root(timeline);
    }
    String name = timeline.toHex() + ".history";
    return wal.fetch(WalFileName.parse(name))
        .map(content -> TimelineHistory.parse(timeline, new String(content, ISO_8859_1)))
        .orElseThrow(
            () ->
                Problem.refused(
                        name + " is not in the archive, and the server is a standby",
                        "Without it no recovery follows this timeline; the agent beside the"
                            + " primary stores it.")
                    .asException());
  }

  private void requireArchiving(ServerFacts facts) {
    if (!streams && !facts.archives()) {
      throw Problem.misconfigured(
              "the server does not archive: archive_mode is " + facts.archiveMode(),
              "Set archive_mode = on and archive_command, and restart the server.")
          .asException();
    }
  }

  private void pushHistory(Timeline timeline) {
    WalFileName name = WalFileName.parse(timeline.toHex() + ".history");
    Path file = postgres.dataDirectory().resolve("pg_wal").resolve(name.text());
    try {
      wal.push(name, Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      if (wal.fetch(name).isEmpty()) {
        throw Problem.refused(
                "%s is neither in the archive nor in %s".formatted(name.text(), file.getParent()),
                "Without it no recovery follows this timeline. Put the file back from another"
                    + " standby or backup.")
            .causedBy(e);
      }
    } catch (IOException e) {
      throw Problem.misconfigured(
              file + " cannot be read: " + e.getMessage(),
              "Run the agent as the server's user, or as one that may read all its files.")
          .causedBy(e);
    }
  }
}
