package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.engine.WalProof;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings what was committed so far into the archive: finishes the segment that is being written
/// and waits a moment until it is stored.
final class LastWal {
  private static final Logger LOGGER = LoggerFactory.getLogger(LastWal.class);

  private final PostgresConfig postgres;
  private final BooleanSupplier streaming;
  private final ObjectStore store;
  private final InstantSource clock;

  /// @param streaming whether the agent fetches WAL itself, so that the server need not archive
  LastWal(
      PostgresConfig postgres, BooleanSupplier streaming, ObjectStore store, InstantSource clock) {
    this.postgres = postgres;
    this.streaming = streaming;
    this.store = store;
    this.clock = clock;
  }

  /// A server or a store that does not answer is no failure here: PostgreSQL keeps its WAL.
  ///
  /// @param deadline how long the store may take to have it
  void bringIn(LineageSession session, Duration deadline) {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      ServerFacts facts = client.facts();
      if (facts.inRecovery() || !(facts.archives() || streaming.getAsBoolean())) {
        return;
      }
      // a segment in which nothing was written is not finished by a switch
      client.heartbeat();
      WalSegment segment =
          WalSegment.containing(facts.timeline(), client.switchWal().plus(-1), facts.segmentSize());
      new WalProof(store, session.lineage().layout(), clock)
          .await(List.of(segment), deadline, () -> client.archiverStats().words());
    } catch (PgBackupException e) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      LOGGER
          .atWarn()
          .addKeyValue("problem", e.problem().message())
          .log("the last WAL is not in the archive yet; PostgreSQL keeps it");
    }
  }
}
