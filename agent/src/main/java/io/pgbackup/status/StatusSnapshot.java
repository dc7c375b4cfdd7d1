package io.pgbackup.status;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the agent knows at one moment, as `GET /api/v1/status` shows it. What it does not know is
/// left out.
///
/// @param at by the agent's clock
/// @param version the agent's
/// @param uid of the lineage, once it is resolved
/// @param prefix the lineage's folder in the bucket, without a slash at its end
/// @param engines left out by an agent that is older
/// @param backups how many base backups the archive holds
/// @param lastBackup of those whose WAL lies in the store, the one that finished last
/// @param runningBackup the run under way
/// @param lastRun the run of this agent that ended last
/// @param windows oldest first
/// @param lastCommit the greatest commit time that can be reached
/// @param unprotectedSince where the lineage has no base backup: since when it has been claimed
/// @param catalogReadAt backups, windows and gaps are as of then
/// @param configuration left out by an agent that is older
/// @param problems that stand now
/// @param drills left out by an agent that is older
/// @param retention left out by an agent that is older
public record StatusSnapshot(
    Instant at,
    String version,
    Cluster cluster,
    Optional<String> uid,
    Optional<String> prefix,
    Server server,
    Storage storage,
    Optional<Engines> engines,
    Optional<Integer> backups,
    Optional<Backup> lastBackup,
    Optional<BackupRunView> runningBackup,
    Optional<BackupRunView> lastRun,
    List<Window> windows,
    List<Gap> gaps,
    Optional<Instant> lastCommit,
    Optional<Instant> unprotectedSince,
    Optional<Instant> catalogReadAt,
    Archive archive,
    Schedule schedule,
    Optional<Configuration> configuration,
    List<StandingProblem> problems,
    Optional<Drills> drills,
    Optional<Retention> retention) {
  /// Why the agent refuses: the data, or the folder in the store, are another's. While a server or
  /// a store is away the lineage is only not known yet.
  public Optional<ProblemView> lineageConflict() {
    return problems.stream()
        .filter(standing -> standing.about().equals("lineage"))
        .map(StandingProblem::problem)
        .filter(it -> it.kind().equals("refused") || it.kind().equals("misconfigured"))
        .findFirst();
  }

  public record Cluster(String namespace, String name) {}

  /// @param reachable whether it answered when it was last asked
  /// @param role `primary` or `standby`
  public record Server(
      boolean reachable,
      Optional<String> pgVersion,
      Optional<String> role,
      Optional<String> systemIdentifier,
      Optional<Long> timeline,
      Optional<String> currentLsn,
      Optional<Boolean> dataChecksums) {}

  /// @param up for each kind of request (`list`, `read`, `write`) whether the last one was answered
  /// @param credential where the store needs one
  public record Storage(String url, Map<String, Boolean> up, Optional<Credential> credential) {
    /// Without a credential.
    public Storage(String url, Map<String, Boolean> up) {
      this(url, up, Optional.empty());
    }
  }

  /// What is known of the credential that the store is used with.
  ///
  /// @param role `archiver`, where its document says so
  /// @param issuedAt by the broker's clock
  /// @param expired past its time, or refused by the store as unknown
  public record Credential(
      Optional<String> role,
      Optional<Instant> issuedAt,
      Optional<Instant> expiration,
      boolean expired) {}

  /// Which engine does what.
  ///
  /// @param backup,wal `embedded` or `wal-g`
  /// @param walgVersion as the program says it, where one is used
  /// @param restarts of its daemons since the agent started, where one is used
  /// @param peakMemory the greatest of a single wal-g so far, in bytes, sampled
  /// @param notes sentences that say what the choice lacks and gives
  public record Engines(
      String backup,
      String wal,
      Optional<String> walgVersion,
      Optional<Long> restarts,
      Optional<Long> peakMemory,
      List<String> notes) {}

  /// @param startTime,finishTime by the server's clock
  /// @param compressedSize bytes in the store
  /// @param proof the newest there is
  /// @param corruptPages pages of it whose checksum did not hold; empty where nobody looked
  public record Backup(
      String name,
      Instant startTime,
      Instant finishTime,
      String startLsn,
      String finishLsn,
      long timeline,
      long uncompressedSize,
      long compressedSize,
      Optional<Proof> proof,
      Optional<Long> corruptPages) {
    /// That nobody has restored yet.
    public Backup(
        String name,
        Instant startTime,
        Instant finishTime,
        String startLsn,
        String finishLsn,
        long timeline,
        long uncompressedSize,
        long compressedSize) {
      this(
          name,
          startTime,
          finishTime,
          startLsn,
          finishLsn,
          timeline,
          uncompressedSize,
          compressedSize,
          Optional.empty(),
          Optional.empty());
    }
  }

  /// That a base backup was restored on trial, as the verdict in the archive says.
  ///
  /// @param at when that began
  /// @param passed whether every check did
  /// @param host where it was restored
  public record Proof(Instant at, boolean passed, String host) {}

  /// @param end exclusive
  public record Window(Instant start, Instant end, String oldestBackup, long timeline) {}

  /// @param first,last missing segments, both inclusive
  /// @param state [io.pgbackup.catalog.GapState], in its word
  public record Gap(String first, String last, String state) {}

  /// @param lagSeconds how long the oldest finished segment has been missing from the store
  /// @param lagBytes from the newest stored segment to the end of WAL
  /// @param lastFile the file that the store confirmed last, to this agent
  /// @param enabled whether it is stored; otherwise it is answered as stored and let go
  /// @param archived,failed,refused files since the agent started
  /// @param discarded segments that were let go since the agent started
  /// @param outage empty while it is not known how much waits
  /// @param stream where WAL is received over the replication protocol; then `lagSeconds` is how
  ///   long the oldest byte that is not stored has been there, and `lagBytes` counts from what is
  ///   stored
  public record Archive(
      boolean enabled,
      String socket,
      Optional<Double> lagSeconds,
      Optional<Long> lagBytes,
      Optional<String> lastFile,
      Optional<Instant> lastFileAt,
      long archived,
      long failed,
      long refused,
      long discarded,
      Optional<Outage> outage,
      Optional<Stream> stream) {}

  /// How near WAL that waits is to filling its volume.
  ///
  /// @param state `normal`, `behind` or `critical`
  /// @param since when it came to that
  /// @param freeBytes on the volume of `pg_wal`, where the agent sees it
  /// @param secondsUntilFull at the rate of the last minutes, where what waits grows
  public record Outage(
      String state, Instant since, Optional<Long> freeBytes, Optional<Long> secondsUntilFull) {}

  /// WAL that the agent receives itself.
  ///
  /// @param connected whether the server streams now
  /// @param slot that keeps on the server what is not stored
  /// @param storedLsn everything before it is in the store
  /// @param storedAt when the store confirmed the last of it
  /// @param pieces,pieceBytes stored of unfinished segments since the agent started
  /// @param gaps opened since the agent started
  public record Stream(
      boolean connected,
      Optional<String> slot,
      Optional<String> storedLsn,
      Optional<Instant> storedAt,
      long pieces,
      long pieceBytes,
      long gaps) {}

  /// @param crontab of the base backups
  /// @param delaySeconds how much later than that they come here: this cluster's share of the
  ///   jitter
  public record Schedule(
      boolean enabled, String crontab, String timeZone, long delaySeconds, Optional<Instant> next) {
    /// Without jitter.
    public Schedule(boolean enabled, String crontab, String timeZone, Optional<Instant> next) {
      this(enabled, crontab, timeZone, 0, next);
    }
  }

  /// Restores on trial.
  ///
  /// @param schedule of those that this agent does by itself
  /// @param runningSince one of them
  /// @param overdueSince when the schedule came that no drill has followed
  /// @param last the newest verdict in the archive, wherever it was made
  public record Drills(
      Schedule schedule,
      Optional<Instant> runningSince,
      Optional<Instant> overdueSince,
      Optional<Verdict> last) {}

  /// What applies the retention rules.
  ///
  /// @param schedule enabled where this agent does it; otherwise a job does
  /// @param overdueSince when the schedule came for which they are not applied to their end
  /// @param lastSuccess since the agent started
  public record Retention(
      Schedule schedule, Optional<Instant> overdueSince, Optional<Instant> lastSuccess) {}

  /// What a restore on trial proved.
  ///
  /// @param at when it began
  /// @param host where
  /// @param backup the base backup that it began with
  /// @param restoredTo the last commit in the restored data, where one was replayed
  /// @param rtoSeconds until connections were accepted, where it came so far
  /// @param rpoSeconds since the last commit that could be restored
  /// @param failed checks that did not pass, with what was found
  public record Verdict(
      Instant at,
      boolean passed,
      String host,
      String backup,
      Optional<Instant> restoredTo,
      Optional<Double> rtoSeconds,
      Optional<Double> rpoSeconds,
      List<String> failed) {}

  /// Which configuration is in force.
  ///
  /// @param loadedAt when it was read, by the agent's clock
  /// @param refused why the file as it stands is not in force; empty where it is
  public record Configuration(Instant loadedAt, Optional<String> refused) {}

  /// @param about `configuration`, `lineage`, `postgres`, `credential`, `storage`, `catalog`,
  ///   `stream`, `timeline`, `wal`, `volume`, `backup`, `pages`, `drill` or `retention`
  public record StandingProblem(String about, Instant since, ProblemView problem) {}
}
